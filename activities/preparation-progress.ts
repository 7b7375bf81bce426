import type { DataProgress } from '../data/data-calls.ts';
import type { PreparationRow } from '../db/tables.ts';
import type { Dependencies } from './dependencies.ts';

/** The row is what pages stream; they show a second, and the database has other things to do. */
const writeEveryMs = 1000;
/** Before this share is done, what is left would be guessing. */
const leastToTell = 0.03;

const words: Record<DataProgress['doing'], string> = {
  learning: 'Learning from the rows.',
  checking: 'Checking the rows.',
  arranging: 'Arranging the rows.',
  writing: 'Writing the result.',
};

/** Keeps the row of a preparation up to date: about once a second, and never in the way of the work. */
export function preparationProgress(
  { stores, now }: Pick<Dependencies, 'stores' | 'now'>,
  row: PreparationRow,
  rows: number,
) {
  /** Set when the first rows pass: bringing the data here says nothing of how fast they do. */
  let beganAtMs: number | undefined;
  let latest = { rows_done: 0, rows_total: rows, seconds_left: null as number | null, sentence: 'Reading the data.' };
  let isWritten = false;
  let writing: Promise<unknown> = Promise.resolve();

  const write = () => {
    if (isWritten) return;
    isWritten = true;
    // A page that lags behind is no reason to fail; the next second writes again.
    writing = writing.then(() => stores.preparations.progress(row.id, latest)).catch(() => undefined);
  };
  const timer = setInterval(write, writeEveryMs);
  write();

  return {
    running({ doing, rows: passed, ofRows, passes, ofPasses }: DataProgress): void {
      const pass = ofRows > 0 ? Math.min(1, passed / ofRows) : 0;
      const share = Math.min(1, (passes + pass) / Math.max(1, ofPasses));
      beganAtMs ??= now();
      const spentMs = now() - beganAtMs;
      latest = {
        // Never back: how many passes there are is known better as it goes on.
        rows_done: Math.max(latest.rows_done, Math.floor(share * rows)),
        rows_total: rows,
        seconds_left: share < leastToTell ? null : Math.ceil((spentMs * (1 - share)) / share / 1000),
        sentence: words[doing],
      };
      isWritten = false;
    },
    say(sentence: string): void {
      latest = { rows_done: rows, rows_total: rows, seconds_left: null, sentence };
      isWritten = false;
    },
    async end(): Promise<void> {
      clearInterval(timer);
      await writing;
    },
  };
}
