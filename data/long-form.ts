/** One column of a table: where it stands, and the SQL for its value. */
export interface LongColumn {
  index: number;
  sql: string;
}

/** So many values are looked at by one query when there are many columns. */
const CELLS = 4_000_000;
const MOST_COLUMNS = 1000;

/**
 * Columns of one type beneath each other, as the rows (k, v) with k the column's index. What is asked of every column
 * is then asked once, grouped by k: a query with aggregates for each of a thousand columns takes minutes to plan.
 * Columns of long tables go one by one, which costs nothing because Parquet is read by columns.
 */
export function longForm(source: string, columns: readonly LongColumn[]): string {
  const [first, ...others] = columns;
  if (first && others.length === 0) return `(SELECT ${first.index} AS k, ${first.sql} AS v FROM ${source})`;
  const indexes = columns.map(({ index }) => index).join(', ');
  const values = columns.map(({ sql }) => sql).join(', ');
  return `(SELECT unnest([${indexes}]) AS k, unnest([${values}]) AS v FROM ${source})`;
}

/** Cuts columns into groups that one query can hold in memory. */
export function groupsOf<T>(columns: readonly T[], rows: number): T[][] {
  const fitting = Math.floor(CELLS / Math.max(1, rows));
  const size = fitting < 4 ? 1 : Math.min(MOST_COLUMNS, fitting);
  const groups: T[][] = [];
  for (let from = 0; from < columns.length; from += size) groups.push(columns.slice(from, from + size));
  return groups;
}
