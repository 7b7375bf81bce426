import type { StoredLine } from '../db/stores/log-store.ts';
import type { AttemptRef } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudFreeing, type Freeing } from './holders.ts';

const shownLines = 50;
const longestLine = 2000;

export function consoleActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;
  return {
    /**
     * Safe to retry: kept once, together with the note that says so. The last that a machine printed on its own console,
     * for whoever asks why nothing was heard of it; it goes with the machine.
     */
    async keepConsole(request: Freeing<AttemptRef>): Promise<void> {
      const { kind, id, attempt } = request;
      const cloud = await cloudFreeing(dependencies, request);
      const text = (await cloud.readConsole({ kind, id, attempt })).trimEnd();
      const holder = { kind, id };
      const atMs = now();
      const lines = text === '' ? [] : text.split('\n').slice(-shownLines);
      const said =
        lines.length === 0
          ? 'The machine printed nothing on its console.'
          : 'What the machine printed last on its own console is in the log.';
      const entry = { holder, kind: 'note' as const, attempt, text: said, dedupeKey: `console-${attempt}`, atMs };
      const stored = lines.map((line): StoredLine => [atMs, 'm', attempt, line.slice(0, longestLine)]);
      await stores.database.transaction(async (trx) => {
        const isNew = await stores.timeline.add(entry, trx);
        if (isNew && stored.length > 0) await stores.log.append(holder, stored, trx);
      });
    },
  };
}
