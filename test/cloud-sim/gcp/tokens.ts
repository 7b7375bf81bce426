import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { ApiError } from './api-error.ts';
import { asText, type Json } from './json.ts';
import type { Records } from './records.ts';

interface Token {
  who: string;
  expiresAtMs: number;
}

interface Key {
  id: string;
  who: string;
  publicKeyPem: string;
}

const lifetimeSeconds = 3600;
const jwtGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Who somebody is: keys that were given out, and the tokens that were given for them. */
export class Tokens {
  readonly #tokens;
  readonly #keys;

  constructor(records: Records) {
    this.#tokens = records.kind<Token>('token');
    this.#keys = records.kind<Key>('key');
  }

  /** Writes a key file of that service account, as the console hands it out; its tokens are asked for at `endpoint`. */
  writeKeyFile(path: string, who: string, project: string, endpoint: string): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const id = randomBytes(20).toString('hex');
    this.#keys.put(id, { id, who, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
    const content = {
      type: 'service_account',
      project_id: project,
      private_key_id: id,
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      client_email: who,
      client_id: '100000000000000000001',
      auth_uri: `${endpoint}/auth`,
      token_uri: `${endpoint}/token`,
      universe_domain: 'googleapis.com',
    };
    writeFileSync(path, JSON.stringify(content, null, 2), { mode: 0o600 });
  }

  /** What POST /token answers. */
  exchange(form: URLSearchParams): Json {
    if (form.get('grant_type') !== jwtGrant)
      throw refused('unsupported_grant_type', 'Only signed assertions are taken.');
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const { kid } = parsed(head);
    const { iss, exp } = parsed(claims);
    const key = this.#keys.all().find((one) => one.who === iss && (kid === undefined || kid === one.id));
    const signed = Buffer.from(`${head}.${claims}`);
    const isGood =
      key &&
      Number(exp) * 1000 > Date.now() &&
      verify('RSA-SHA256', signed, createPublicKey(key.publicKeyPem), Buffer.from(signature, 'base64url'));
    if (!isGood) throw refused('invalid_grant', 'Invalid JWT Signature.');
    return this.give(key.who);
  }

  give(who: string): { access_token: string; expires_in: number; token_type: string } {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    this.#tokens.put(token, { who, expiresAtMs: Date.now() + lifetimeSeconds * 1000 });
    return { access_token: token, expires_in: lifetimeSeconds, token_type: 'Bearer' };
  }

  /** All that were given to it stop working, as when a service account is removed. */
  revoke(who: string): void {
    for (const name of this.#tokens.names()) if (this.#tokens.get(name)?.who === who) this.#tokens.remove(name);
  }

  whoHas(authorization: string | undefined): string {
    const token = this.#tokens.get(/^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
    if (token && token.expiresAtMs > Date.now()) return token.who;
    throw new ApiError(
      401,
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
      { reason: 'authError' },
    );
  }
}

/** OAuth has a form of error of its own. */
export class OAuthError extends Error {
  readonly body: Json;

  constructor(body: Json) {
    super(asText(body['error_description']));
    this.body = body;
  }
}

function refused(error: string, description: string): OAuthError {
  return new OAuthError({ error, error_description: description });
}

function parsed(part: string): Json {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;
  } catch {
    return {};
  }
}
