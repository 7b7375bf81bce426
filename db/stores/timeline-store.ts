import type { Holder } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Database, Trx } from '../database.ts';
import { lockHolder, raiseVersion } from '../holder-version.ts';
import { holderColumns, ofHolder } from '../scope.ts';
import type { TimelineKind, TimelineRow } from '../tables.ts';

export interface TimelineEntry {
  holder: Holder;
  kind: TimelineKind;
  phase?: Phase | null;
  attempt: number;
  text: string;
  /** The same key for the same holder is the same entry, however often it is written. */
  dedupeKey: string;
  atMs: number;
}

export function timelineStore(database: Database) {
  return {
    /** False when it is there already. */
    async add(entry: TimelineEntry, trx?: Trx): Promise<boolean> {
      return database.transaction(async (own) => {
        await lockHolder(own, entry.holder);
        const row: Omit<TimelineRow, 'id'> = {
          ...holderColumns(entry.holder),
          at_ms: entry.atMs,
          kind: entry.kind,
          phase: entry.phase ?? null,
          attempt: entry.attempt,
          text: entry.text,
          dedupe_key: entry.dedupeKey,
        };
        const added = await database.insertOnce('timeline', row, own);
        if (added) await raiseVersion(own, entry.holder);
        return added;
      }, trx);
    },

    async list(holder: Holder, afterId = 0, trx?: Trx): Promise<TimelineRow[]> {
      return database.run(trx, (db) =>
        db('timeline')
          .where(ofHolder('timeline', holder))
          .where('timeline.id', '>', afterId)
          .orderBy('timeline.id')
          .select('timeline.*'),
      );
    },
  };
}

export type TimelineStore = ReturnType<typeof timelineStore>;
