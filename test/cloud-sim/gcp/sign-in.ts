import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Json } from './json.ts';

export interface Answer {
  status: number;
  body: Json;
}

/** Speaks to a simulated API as whoever has that token would: no client library in between. */
export interface Ask {
  (method: string, path: string, body?: unknown): Promise<Answer>;
  token: string;
}

export function askAs(endpoint: string, token: string): Ask {
  const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      // A text is sent as it is: what lies in a bucket need not be JSON.
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: isJson && text !== '' ? (JSON.parse(text) as Json) : { text } };
  };
  return Object.assign(ask, { token });
}

/** As the owner of a key file does it: a signed assertion for a token. */
export async function signIn(endpoint: string, keyFile: string): Promise<Ask> {
  const key = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, string>;
  const part = (content: Json): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { iss: key['client_email'], aud: key['token_uri'], iat: nowSeconds, exp: nowSeconds + 3600 };
  const signed = `${part({ alg: 'RS256', kid: key['private_key_id'] })}.${part(claims)}`;
  const signature = createSign('RSA-SHA256').update(signed).sign(String(key['private_key']), 'base64url');
  const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const form = new URLSearchParams({ grant_type: grant, assertion: `${signed}.${signature}` });
  const response = await fetch(String(key['token_uri']), { method: 'POST', body: form });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return askAs(endpoint, token);
}
