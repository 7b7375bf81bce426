import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { Readable } from 'node:stream';

export interface Problem {
  title: string;
  status: number;
  detail: string;
  hint?: string;
  requestId?: string;
  problems?: { field: string; message: string }[];
}

/** What the server answered when it refused. */
export class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** The server cannot be reached at all. */
export class Unreachable extends Error {}

export interface ApiClient {
  get<T>(path: string, query?: Record<string, string | number | undefined>): Promise<T>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  upload<T>(path: string, file: string, fields?: Record<string, string>): Promise<T>;
  /** A part of a file, from an offset of an upload. */
  part(path: string, offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  delete<T>(path: string): Promise<T>;
  download(path: string): Promise<Readable>;
  events(path: string, lastEventId: string | undefined, signal: AbortSignal): Promise<Readable | undefined>;
}

/** A client of the JSON API, and of nothing else. */
export function apiClient(address: string): ApiClient {
  const base = address.replace(/\/+$/, '');

  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        ...init,
        headers: { 'X-Trainyard': '1', ...(init.headers as Record<string, string> | undefined) },
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new Unreachable(
        `Nothing answers at ${base}. Start it with “./x up”, or set TRAINYARD_URL to where it runs.`,
        { cause: error },
      );
    }
    if (response.ok) return response;
    throw new Refusal(await problemIn(response));
  };

  const json = async <T>(path: string, init: RequestInit): Promise<T> => {
    const response = await ask(path, init);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };

  return {
    get: (path, query = {}) => {
      const given = Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      );
      const text = new URLSearchParams(given).toString();
      return json(text === '' ? path : `${path}?${text}`, {});
    },
    post: (path, body, headers = {}) =>
      json(path, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      }),
    async upload(path, file, fields = {}) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('file', await openAsBlob(file), basename(file));
      return json(path, { method: 'POST', body: form });
    },
    async part(path, offset, bytes) {
      await ask(path, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) },
        body: bytes,
      });
    },
    delete: (path) => json(path, { method: 'DELETE' }),
    async download(path) {
      return streamOf(await ask(path, {}));
    },
    async events(path, lastEventId, signal) {
      const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
      const response = await ask(path, { headers, signal });
      return response.status === 204 ? undefined : streamOf(response);
    },
  };
}

function streamOf(response: Response): Readable {
  return response.body ? Readable.fromWeb(response.body as never) : Readable.from([]);
}

async function problemIn(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return { title: 'Refused', status: response.status, detail: text || response.statusText };
  }
}
