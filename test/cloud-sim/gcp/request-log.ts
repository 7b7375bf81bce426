import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request as the front had it, from its head until its answer was out. */
export interface RequestSeen {
  fromMs: number;
  toMs: number;
  method: string;
  path: string;
  status: number;
  /** Who says it is asking: Terraform, its provider, or a client library. */
  agent: string;
}

const kept = 50_000;

/** Who asked for what and when, the latest only, for whoever measures where time goes. Gone with the process. */
export class RequestLog {
  #seen: RequestSeen[] = [];

  note(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const fromMs = Date.now();
    const { method = 'GET', url = '/' } = incoming;
    outgoing.once('close', () => {
      this.#seen.push({
        fromMs,
        toMs: Date.now(),
        method: incoming.headers['x-http-method-override']?.toString() ?? method,
        path: url,
        status: outgoing.statusCode,
        agent: incoming.headers['user-agent'] ?? '',
      });
      if (this.#seen.length > kept) this.#seen = this.#seen.slice(-kept / 2);
    });
  }

  since(atMs: number): RequestSeen[] {
    return this.#seen.filter(({ toMs }) => toMs >= atMs);
  }
}
