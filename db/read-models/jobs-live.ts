import type { Holder } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Database } from '../database.ts';
import { tableOf } from '../holder-version.ts';
import type { LeaderboardRow, MetricRow } from '../tables.ts';

/** How far each stream of a holder has come: what a poller compares, many times a second. */
export interface Watermark {
  phase: Phase;
  version: number;
  line: number;
  metricId: number;
  leaderboardId: number;
}

const lastLineIn = (table: string) =>
  `(select coalesce(max(${table}.first_line + ${table}.line_count - 1), 0) from ${table}
    where ${table}.holder_kind = ? and ${table}.holder_id = ?)`;

const lastIdIn = (table: string) => `(select coalesce(max(${table}.id), 0) from ${table} where ${table}.job_id = ?)`;

interface FoundRow {
  phase: Phase;
  version: number;
  tail_line: number;
  chunk_line: number;
  metric_id: number;
  leaderboard_id: number;
}

/** One statement, so that `done` is never seen without the lines that were written before it. */
export async function readWatermark(database: Database, holder: Holder): Promise<Watermark | undefined> {
  const table = tableOf[holder.kind];
  const { kind, id } = holder;
  const row = await database.run(undefined, (db) =>
    db(table)
      .where(`${table}.id`, id)
      .whereNull(`${table}.deleted_at_ms`)
      .first<FoundRow | undefined>(
        `${table}.phase`,
        `${table}.version`,
        db.raw(`${lastLineIn('log_tail')} as tail_line`, [kind, id]),
        db.raw(`${lastLineIn('log_chunks')} as chunk_line`, [kind, id]),
        db.raw(`${lastIdIn('metrics')} as metric_id`, [id]),
        db.raw(`${lastIdIn('leaderboard')} as leaderboard_id`, [id]),
      ),
  );
  if (!row) return undefined;
  return {
    phase: row.phase,
    version: row.version,
    line: Math.max(row.tail_line, row.chunk_line),
    metricId: row.metric_id,
    leaderboardId: row.leaderboard_id,
  };
}

/** In the order in which they were written; `upTo` keeps what came later for the next time. */
export async function readMetricsAfter(
  database: Database,
  jobId: string,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<MetricRow[]> {
  return database.run(undefined, (db) =>
    db('metrics')
      .where('metrics.job_id', jobId)
      .where('metrics.id', '>', after)
      .where('metrics.id', '<=', upTo)
      .orderBy('metrics.id')
      .limit(limit)
      .select('metrics.*'),
  );
}

export async function readLeaderboardAfter(
  database: Database,
  jobId: string,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<LeaderboardRow[]> {
  return database.run(undefined, (db) =>
    db('leaderboard')
      .where('leaderboard.job_id', jobId)
      .where('leaderboard.id', '>', after)
      .where('leaderboard.id', '<=', upTo)
      .orderBy('leaderboard.id')
      .limit(limit)
      .select('leaderboard.*'),
  );
}
