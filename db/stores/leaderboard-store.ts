import type { EventOf } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Database, Trx } from '../database.ts';
import type { LeaderboardRow } from '../tables.ts';
import { ROWS_PER_INSERT } from './metric-store.ts';

export function leaderboardStore(database: Database) {
  return {
    async insert(ref: AttemptRef, events: readonly EventOf<'leaderboard'>[], trx: Trx): Promise<void> {
      const rows = events.map((event) => ({
        job_id: ref.id,
        attempt: ref.attempt,
        seq: event.seq,
        at_ms: event.atMs,
        model: event.model.slice(0, 255),
        event_json: JSON.stringify(event),
      }));
      for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
        await trx('leaderboard').insert(rows.slice(from, from + ROWS_PER_INSERT));
      }
    },

    async list(jobId: string, afterId = 0, trx?: Trx): Promise<LeaderboardRow[]> {
      return database.run(trx, (db) =>
        db('leaderboard')
          .where('leaderboard.job_id', jobId)
          .where('leaderboard.id', '>', afterId)
          .orderBy('leaderboard.id')
          .select('leaderboard.*'),
      );
    },
  };
}

export type LeaderboardStore = ReturnType<typeof leaderboardStore>;
