import type { Watermark } from '../../db/read-models/jobs-live.ts';
import { type Cursor, formatCursor, hasReached } from './cursor.ts';
import type { Batch, FeedEvent } from './event-reader.ts';

/** One who looks. */
export interface Viewer {
  /** False when they cannot take more for now: nothing comes until `ready` resolves. */
  push(event: FeedEvent): boolean;
  /** Also resolves when they are gone. */
  ready(): Promise<void>;
  end(): void;
}

export interface Following {
  add(from: Cursor, viewer: Viewer): () => void;
  close(): void;
}

export interface FollowOptions {
  /** Undefined once it is deleted. */
  mark: () => Promise<Watermark | undefined>;
  read: (from: Cursor, mark: Watermark) => Promise<Batch>;
  pollMs: number;
  onError: (error: unknown) => void;
  /** Nobody looks any more. */
  onEmpty: () => void;
}

interface Seat {
  viewer: Viewer;
  cursor: Cursor;
  /** Being served now: events of one viewer never overtake each other. */
  busy: boolean;
  gone: boolean;
}

/** Quiet for so long: look less often. Three looks still fit into the 250 ms that a line may take. */
const QUIET_AFTER_MS = 2000;
const QUIET_FACTOR = 3;
const AFTER_ERROR_MS = 1000;

/** Polls one holder's watermark while anybody looks, and serves each viewer from where they are. */
export function followOne({ mark: readMark, read, pollMs, onError, onEmpty }: FollowOptions): Following {
  const seats = new Set<Seat>();
  let mark: Watermark | undefined;
  let changedAtMs = Date.now();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  /** Those who are at the same place get the same batch: it is read once. */
  let shared = new Map<string, Promise<Batch>>();

  const readShared = (from: Cursor, upTo: Watermark): Promise<Batch> => {
    const key = `${formatCursor(from)} ${upTo.phase} ${upTo.line} ${upTo.metricId} ${upTo.leaderboardId} ${upTo.version}`;
    let batch = shared.get(key);
    if (!batch) {
      batch = read(from, upTo);
      shared.set(key, batch);
    }
    return batch;
  };

  const leave = (seat: Seat) => {
    seat.gone = true;
    if (!seats.delete(seat) || seats.size > 0 || closed) return;
    stop();
    onEmpty();
  };

  const stop = () => {
    closed = true;
    clearTimeout(timer);
  };

  const serve = async (seat: Seat) => {
    seat.busy = true;
    try {
      for (;;) {
        // Anew each time: while this viewer was served, more may have come.
        const upTo = mark;
        if (!upTo || seat.gone || hasReached(seat.cursor, upTo)) break;
        const { events, cursor } = await readShared(seat.cursor, upTo);
        for (const event of events) {
          if (seat.gone) return;
          if (!seat.viewer.push(event)) await seat.viewer.ready();
        }
        seat.cursor = cursor;
      }
      if (mark?.phase === 'done' && !seat.gone) finish(seat);
    } catch (error) {
      // They come back by themselves, with the id of the last event that they got.
      onError(error);
      seat.viewer.end();
      leave(seat);
    } finally {
      seat.busy = false;
    }
  };

  const finish = (seat: Seat) => {
    seat.viewer.push({ event: 'end', data: {}, cursor: seat.cursor });
    seat.viewer.end();
    leave(seat);
  };

  const look = async () => {
    let waitMs = pollMs;
    try {
      const seen = await readMark();
      if (closed) return;
      if (!seen) {
        for (const seat of seats) finish(seat);
        return;
      }
      if (!mark || !hasReached({ ...mark }, seen)) {
        changedAtMs = Date.now();
        shared = new Map();
      }
      mark = seen;
      for (const seat of seats) if (!seat.busy) void serve(seat);
      if (Date.now() - changedAtMs > QUIET_AFTER_MS) waitMs = pollMs * QUIET_FACTOR;
    } catch (error) {
      onError(error);
      waitMs = AFTER_ERROR_MS;
    }
    if (!closed) timer = setTimeout(() => void look(), waitMs);
  };

  void look();

  return {
    add(from, viewer) {
      const seat: Seat = { viewer, cursor: from, busy: false, gone: false };
      seats.add(seat);
      return () => leave(seat);
    },
    close() {
      stop();
      for (const seat of seats) {
        seat.gone = true;
        seat.viewer.end();
      }
      seats.clear();
    },
  };
}
