import { once } from 'node:events';
import type { Request, Response } from 'express';
import type { Holder } from '../../domain/ids.ts';
import { Refused } from '../services/refused.ts';
import { atTheBeginning, type Cursor, formatCursor, parseCursor } from './cursor.ts';
import type { Feed } from './feed.ts';

/** Proxies and sleeping laptops drop what is silent for long. */
const BEAT_MS = 15_000;
/** How long a browser waits before it comes back after a break. */
const RETRY_MS = 1000;

/**
 * Server-sent events of one job or prediction. `Last-Event-ID` (or `?after=`) says from where; a viewer who is done
 * gets 204, which tells browsers not to come back.
 */
export async function sendEvents(feed: Feed, holder: Holder, request: Request, response: Response): Promise<void> {
  const from = placeOf(request);
  if (await feed.isOver(holder, from)) {
    response.status(204).end();
    return;
  }
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  request.socket.setNoDelay(true);
  response.write(`retry: ${RETRY_MS}\n\n`);

  const beat = setInterval(() => {
    // A viewer who does not take what there is needs no sign of life.
    if (!response.writableNeedDrain) response.write(': still here\n\n');
  }, BEAT_MS);
  const leave = feed.follow(holder, from, {
    push: ({ event, data, cursor }) =>
      response.write(`event: ${event}\nid: ${formatCursor(cursor)}\ndata: ${JSON.stringify(data)}\n\n`),
    ready: () => drained(response),
    end: () => response.end(),
  });
  response.once('close', () => {
    clearInterval(beat);
    leave();
  });
}

/** Until there is room again, or nobody is there. */
async function drained(response: Response): Promise<void> {
  if (response.closed || !response.writableNeedDrain) return;
  const gone = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: gone.signal }),
      once(response, 'close', { signal: gone.signal }),
    ]);
  } finally {
    gone.abort();
  }
}

function placeOf(request: Request): Cursor {
  const { after } = request.query;
  const text = request.get('last-event-id') ?? (typeof after === 'string' ? after : '');
  if (text === '') return atTheBeginning;
  const cursor = parseCursor(text);
  if (cursor) return cursor;
  throw new Refused(400, 'Not an id of an event', `“${text}” is not the id of an event.`, {
    hint: 'Send back the last id that came, or none to begin at the beginning.',
  });
}
