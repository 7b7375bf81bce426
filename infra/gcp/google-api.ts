import { setTimeout as wait } from 'node:timers/promises';
import type { GoogleAuth } from 'google-auth-library';
import { TrainyardError } from '../../domain/failures.ts';
import { failureOf } from './errors.ts';

export type Service = 'compute' | 'pubsub' | 'iam' | 'projects' | 'services' | 'identities' | 'billing' | 'storage';

const googleOwn: Record<Service, string> = {
  compute: 'https://compute.googleapis.com/compute/v1',
  pubsub: 'https://pubsub.googleapis.com/v1',
  iam: 'https://iam.googleapis.com/v1',
  projects: 'https://cloudresourcemanager.googleapis.com/v1',
  services: 'https://serviceusage.googleapis.com/v1',
  identities: 'https://serviceusage.googleapis.com/v1beta1',
  billing: 'https://cloudbilling.googleapis.com/v1',
  storage: 'https://storage.googleapis.com/storage/v1',
};

const tries = 5;
const firstPauseMs = 250;
const answerTimeoutMs = 60_000;

/** What an API answered that is no success. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiRefusal';
    this.status = status;
    this.reason = reason;
  }
}

export interface Page {
  nextPageToken?: string;
}

/** Google's REST APIs, signed in by what the environment says. What only happened to fail is asked again. */
export class GoogleApi {
  readonly project: string;
  readonly #auth: GoogleAuth;
  readonly #endpoint: string;

  constructor(auth: GoogleAuth, project: string, endpoint: string) {
    this.#auth = auth;
    this.project = project;
    this.#endpoint = endpoint;
  }

  base(service: Service): string {
    if (!this.#endpoint) return googleOwn[service];
    if (service === 'identities') return `${this.#endpoint}/v1beta1`;
    return `${this.#endpoint}/${service === 'compute' || service === 'storage' ? `${service}/v1` : 'v1'}`;
  }

  async get<T>(service: Service, path: string, query: Record<string, string> = {}): Promise<T | undefined> {
    return contentOf(await this.#ask(service, 'GET', path, query)) as T | undefined;
  }

  /** Undefined when there is no such thing. */
  bytes(service: Service, path: string, query: Record<string, string>): Promise<Buffer | undefined> {
    return this.#ask(service, 'GET', path, query);
  }

  async post<T>(service: Service, path: string, body: unknown): Promise<T | undefined> {
    return contentOf(await this.#ask(service, 'POST', path, {}, body)) as T | undefined;
  }

  /** Undefined when there is nothing of that name. */
  async delete<T>(service: Service, path: string): Promise<T | undefined> {
    return contentOf(await this.#ask(service, 'DELETE', path, {})) as T | undefined;
  }

  /** All pages of a list, one after the other. */
  async *pages<T extends Page>(service: Service, path: string, query: Record<string, string> = {}): AsyncGenerator<T> {
    for (let pageToken = ''; ; ) {
      const page = await this.get<T>(service, path, { ...query, ...(pageToken && { pageToken }) });
      if (!page) return;
      yield page;
      if (!page.nextPageToken) return;
      pageToken = page.nextPageToken;
    }
  }

  async #ask(
    service: Service,
    method: 'GET' | 'DELETE' | 'POST',
    path: string,
    query: Record<string, string>,
    body?: unknown,
  ): Promise<Buffer | undefined> {
    for (let trial = 1; ; trial++) {
      try {
        return await this.#once(service, method, path, query, body);
      } catch (error) {
        if (error instanceof ApiRefusal && error.status === 404) return undefined;
        if (trial === tries || !mayPass(error)) throw failureOf(error, this.project);
        await wait(firstPauseMs * 2 ** (trial - 1) * (0.75 + Math.random() / 2));
      }
    }
  }

  async #once(
    service: Service,
    method: string,
    path: string,
    query: Record<string, string>,
    body: unknown,
  ): Promise<Buffer> {
    const url = new URL(`${this.base(service)}/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        ...(await this.#payer()),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) throw refusalIn(answer.status, bytes.toString('utf8'));
    return bytes;
  }

  /** For a person's login, some APIs want to know which project's quota a request counts for. */
  async #payer(): Promise<Record<string, string>> {
    const { quotaProjectId } = await this.#auth.getClient();
    return quotaProjectId ? { 'x-goog-user-project': quotaProjectId } : {};
  }

  async #token(): Promise<string> {
    const token = await this.#auth.getAccessToken();
    if (!token) throw new TrainyardError('CredentialsMissing', 'Google gave no token for the credentials at hand.');
    return token;
  }
}

function contentOf(bytes: Buffer | undefined): unknown {
  if (!bytes) return undefined;
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
}

/** Of both forms that Google's errors have. */
function refusalIn(status: number, text: string): ApiRefusal {
  try {
    const { error } = JSON.parse(text) as {
      error?: {
        message?: string;
        status?: string;
        errors?: { reason?: string }[];
        details?: { reason?: string }[];
      };
    };
    const reason =
      error?.details?.find((detail) => detail.reason)?.reason ?? error?.errors?.[0]?.reason ?? error?.status ?? '';
    return new ApiRefusal(status, reason, error?.message ?? text.slice(0, 500));
  } catch {
    return new ApiRefusal(status, '', text.slice(0, 500));
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof ApiRefusal) return error.status >= 500 || error.status === 429;
  return !(error instanceof TrainyardError);
}
