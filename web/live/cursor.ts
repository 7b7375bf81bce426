import type { Watermark } from '../../db/read-models/jobs-live.ts';

/** Where a viewer is in each of a holder's streams. As text, it is the id of an event: `<line>.<metric>.<leaderboard>.<version>`. */
export interface Cursor {
  line: number;
  metricId: number;
  leaderboardId: number;
  version: number;
}

export const atTheBeginning: Cursor = { line: 0, metricId: 0, leaderboardId: 0, version: 0 };

export function formatCursor({ line, metricId, leaderboardId, version }: Cursor): string {
  return `${line}.${metricId}.${leaderboardId}.${version}`;
}

export function parseCursor(text: string): Cursor | undefined {
  const found = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (!found) return undefined;
  const [line = 0, metricId = 0, leaderboardId = 0, version = 0] = found.slice(1).map(Number);
  return { line, metricId, leaderboardId, version };
}

/** Nothing that the watermark knows of is still to come. */
export function hasReached(cursor: Cursor, mark: Watermark): boolean {
  return (
    cursor.line >= mark.line &&
    cursor.metricId >= mark.metricId &&
    cursor.leaderboardId >= mark.leaderboardId &&
    cursor.version >= mark.version
  );
}
