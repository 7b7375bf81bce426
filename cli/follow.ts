import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, Unreachable } from './client.ts';

export interface FollowedEvent {
  event: string;
  id: string;
  data: unknown;
}

const AGAIN_MS = 1000;

/** The events of a job as they come, over breaks of the line, until its end: each once. */
export async function* follow(client: ApiClient, path: string, signal: AbortSignal): AsyncGenerator<FollowedEvent> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const stream = await client.events(path, last, signal);
      if (!stream) return;
      for await (const event of eventsIn(stream)) {
        last = event.id;
        yield event;
        if (event.event === 'end') return;
      }
    } catch (error) {
      if (signal.aborted) return;
      // The first time it is a wrong address; later it is a server that is started again.
      if (last === undefined && error instanceof Unreachable) throw error;
      if (!(error instanceof Unreachable) && !isBrokenLine(error)) throw error;
    }
    await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

function isBrokenLine(error: unknown): boolean {
  return error instanceof TypeError || (error as { code?: string }).code === 'UND_ERR_SOCKET';
}

async function* eventsIn(stream: Readable): AsyncGenerator<FollowedEvent> {
  let rest = '';
  for await (const piece of stream.setEncoding('utf8')) {
    const blocks = (rest + String(piece)).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => {
          const at = line.indexOf(': ');
          return [line.slice(0, at), line.slice(at + 2)] as const;
        }),
      );
      const event = fields.get('event');
      const data = fields.get('data');
      if (event !== undefined && data !== undefined) {
        yield { event, id: fields.get('id') ?? '', data: JSON.parse(data) as unknown };
      }
    }
  }
}
