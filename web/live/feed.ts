import type { Database } from '../../db/database.ts';
import { readWatermark } from '../../db/read-models/jobs-live.ts';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import { type Cursor, hasReached } from './cursor.ts';
import { eventReader } from './event-reader.ts';
import { followOne, type Following, type Viewer } from './follow-one.ts';
import type { LogReader } from './log-reader.ts';
import type { WorkFacts } from './work-facts.ts';

/** One poller per job or prediction that somebody looks at, however many look. */
export interface Feed {
  /** Everything after `from`, each once, in order. Returns what stops it. */
  follow(holder: Holder, from: Cursor, viewer: Viewer): () => void;
  /** True when it is done and all of it lies before `from`: there is nothing to follow. */
  isOver(holder: Holder, from: Cursor): Promise<boolean>;
  /** How many holders are polled now. */
  polled(): number;
  close(): void;
}

export interface FeedOptions {
  database: Database;
  log: LogReader;
  /** What the page shows of the job or prediction itself. */
  facts: (holder: Holder) => Promise<WorkFacts | undefined>;
  /** Between two looks while there is something to see: a fifth of the 250 ms that a line may take to the browser. */
  pollMs?: number;
  onError: (error: unknown) => void;
}

export function openFeed({ database, log, facts, pollMs = 50, onError }: FeedOptions): Feed {
  const followed = new Map<string, Following>();
  const events = eventReader(database, log, facts);

  return {
    follow(holder, from, viewer) {
      const key = workflowIdOf(holder);
      let following = followed.get(key);
      if (!following) {
        following = followOne({
          mark: () => readWatermark(database, holder),
          read: (cursor, mark) => events.read(holder, cursor, mark),
          pollMs,
          onError,
          onEmpty: () => followed.delete(key),
        });
        followed.set(key, following);
      }
      return following.add(from, viewer);
    },
    async isOver(holder, from) {
      const mark = await readWatermark(database, holder);
      return mark !== undefined && mark.phase === 'done' && hasReached(from, mark);
    },
    polled: () => followed.size,
    close() {
      for (const following of followed.values()) following.close();
      followed.clear();
    },
  };
}
