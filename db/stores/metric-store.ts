import type { EventOf } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import type { MetricRow } from '../tables.ts';

/** Some rows a statement: both databases have a limit to what they take at once. */
export const ROWS_PER_INSERT = 200;

/** Longer names come from a trainer gone wild; they must not stop its relay. */
const LONGEST_NAME = 191;

/** `jobId` may be a prediction's: ids are UUIDs. Callers read the holder in its workspace first. */
export function metricStore(database: Database) {
  return {
    async insert(ref: AttemptRef, events: readonly EventOf<'metric'>[], trx: Trx): Promise<void> {
      const rows = events.map((event) => ({
        job_id: ref.id,
        attempt: ref.attempt,
        seq: event.seq,
        at_ms: event.atMs,
        name: event.name.slice(0, LONGEST_NAME),
        step: event.step,
        value: event.value,
        unit: event.unit?.slice(0, 64) ?? null,
        higher_is_better: event.higherIsBetter === null ? null : Number(event.higherIsBetter),
      }));
      for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
        await trx('metrics').insert(rows.slice(from, from + ROWS_PER_INSERT));
      }
    },

    async list(jobId: string, afterId = 0, limit = 10_000, trx?: Trx): Promise<MetricRow[]> {
      return database.run(trx, (db) =>
        db('metrics')
          .where('metrics.job_id', jobId)
          .where('metrics.id', '>', afterId)
          .orderBy('metrics.id')
          .limit(limit)
          .select('metrics.*'),
      );
    },
  };
}

export type MetricStore = ReturnType<typeof metricStore>;
