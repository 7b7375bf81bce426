import type { Database } from '../../db/database.ts';
import { readLeaderboardAfter, readMetricsAfter, type Watermark } from '../../db/read-models/jobs-live.ts';
import type { Holder } from '../../domain/ids.ts';
import { leaderboardEntry, metricPoint, type MetricPoint } from '../services/row-views.ts';
import type { LeaderboardEntry, LogLine } from '../services/views.ts';
import type { Cursor } from './cursor.ts';
import type { LogReader } from './log-reader.ts';
import type { WorkFacts } from './work-facts.ts';

interface EventData {
  /** Lines in a row, as many as there were; never more than `linesAtOnce`. */
  log: { lines: LogLine[] };
  metric: { points: MetricPoint[] };
  leaderboard: { entries: LeaderboardEntry[] };
  job: WorkFacts;
  /** Done, and everything was sent (the last event `job` says how it ended): nothing will come any more. */
  end: Record<string, never>;
}

export type FeedEvent = {
  [Name in keyof EventData]: { event: Name; data: EventData[Name]; cursor: Cursor };
}[keyof EventData];

export interface Batch {
  events: FeedEvent[];
  /** How far these go, what had nothing to show included. */
  cursor: Cursor;
}

export interface EventReader {
  /** The next events after `from`, not beyond the watermark. */
  read(holder: Holder, from: Cursor, mark: Watermark): Promise<Batch>;
}

/** One write to a browser: large enough to be quick over a long log, small enough to be let go of when it is slow. */
export const linesAtOnce = 500;
const rowsAtOnce = 500;

export function eventReader(
  database: Database,
  log: LogReader,
  facts: (holder: Holder) => Promise<WorkFacts | undefined>,
): EventReader {
  return {
    async read(holder, from, mark) {
      const events: FeedEvent[] = [];
      let cursor = from;
      const limit = rowsAtOnce;

      if (cursor.metricId < mark.metricId) {
        const rows = await readMetricsAfter(database, holder.id, {
          after: cursor.metricId,
          upTo: mark.metricId,
          limit,
        });
        cursor = { ...cursor, metricId: rows.length < limit ? mark.metricId : (rows.at(-1)?.id ?? mark.metricId) };
        if (rows.length > 0) events.push({ event: 'metric', data: { points: rows.map(metricPoint) }, cursor });
      }

      if (cursor.leaderboardId < mark.leaderboardId) {
        const asked = { after: cursor.leaderboardId, upTo: mark.leaderboardId, limit };
        const rows = await readLeaderboardAfter(database, holder.id, asked);
        const last = rows.length < limit ? mark.leaderboardId : (rows.at(-1)?.id ?? mark.leaderboardId);
        cursor = { ...cursor, leaderboardId: last };
        if (rows.length > 0)
          events.push({ event: 'leaderboard', data: { entries: rows.map(leaderboardEntry) }, cursor });
      }

      if (cursor.line < mark.line) {
        const wanted = Math.min(linesAtOnce, mark.line - cursor.line);
        const lines = await log.range(holder, cursor.line + 1, wanted);
        // A log that was deleted while somebody looks leaves nothing to wait for.
        cursor = { ...cursor, line: lines.at(-1)?.line ?? mark.line };
        if (lines.length > 0) events.push({ event: 'log', data: { lines }, cursor });
      }

      if (cursor.version < mark.version) {
        const now = await facts(holder);
        cursor = { ...cursor, version: Math.max(mark.version, now?.version ?? 0) };
        if (now) events.push({ event: 'job', data: now, cursor });
      }

      return { events, cursor };
    },
  };
}
