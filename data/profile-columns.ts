import type { ColumnProfile, DatasetProfile } from '../domain/dataset.ts';
import { type SqlType, typeWords } from './column-kinds.ts';
import type { Row, Session } from './session.ts';
import { quoteName, quoteText } from './sql-text.ts';

export interface TypedColumn {
  name: string;
  type: SqlType;
  remarks: string[];
}

/** Beyond this many rows, columns of very many values are counted approximately: exact counts need memory for each value. */
const EXACT_ROWS = 3_000_000;
const EXACT_DISTINCT = 50_000;
const BINS = 20;
const TOP = 20;
/** Tables of very many columns keep fewer values of each, so that their profile stays a page and not a book. */
const MANY_COLUMNS = 1000;
const TOP_OF_MANY = 5;
const LONGEST_VALUE = 200;

interface Basics {
  count: number;
  distinct: number;
  min: string | null;
  max: string | null;
  mean: number | null;
}

/** Looks at every column on the whole file. */
export async function profileColumns(
  session: Session,
  parquet: string,
  columns: TypedColumn[],
): Promise<DatasetProfile> {
  const source = `read_parquet(${quoteText(parquet)})`;
  const rows = Number((await session.row(`SELECT count(*) FROM ${source}`))[0]);
  const profiles: ColumnProfile[] = [];
  // Small tables by many columns at once, large ones column by column, so that memory stays bounded.
  const batchSize = Math.max(1, Math.min(64, Math.floor(4_000_000 / Math.max(1, rows))));
  for (let from = 0; from < columns.length; from += batchSize) {
    const batch = columns.slice(from, from + batchSize);
    const selects = batch.map(({ name }, index) => `${quoteName(name)} AS c${index}`).join(', ');
    let table = `(SELECT ${selects} FROM ${source})`;
    if (columns.length > batchSize && batchSize > 1) {
      // The description of a wide Parquet file is long; read it once for each batch and not for each column.
      await session.run(`CREATE OR REPLACE TEMP TABLE batch AS SELECT ${selects} FROM ${source}`);
      table = 'batch';
    }
    profiles.push(
      ...(await profileBatch(session, table, batch, rows, columns.length > MANY_COLUMNS ? TOP_OF_MANY : TOP)),
    );
  }
  return { rows, columns: profiles, remarks: [] };
}

async function profileBatch(
  session: Session,
  table: string,
  batch: TypedColumn[],
  rows: number,
  most: number,
): Promise<ColumnProfile[]> {
  const basics = await readBasics(session, table, batch);
  const exact = basics.map(({ distinct }) => rows <= EXACT_ROWS || distinct <= EXACT_DISTINCT);
  const counted = await readTop(
    session,
    table,
    basics.map((_, index) => index).filter((index) => exact[index]),
    most,
  );
  const histograms = await readHistograms(session, table, batch, basics);
  return batch.map(({ name, type, remarks }, index) => {
    const { count, min, max, mean, distinct: approximate } = basics[index] as Basics;
    const { distinct, top } = counted.get(index) ?? { distinct: exact[index] ? 0 : approximate, top: [] };
    const missing = rows - count;
    const all = [...remarks, ...remarksOn(rows, missing, distinct, exact[index] as boolean)];
    return {
      name,
      type: typeWords[type],
      sqlType: type,
      missing,
      distinct,
      min,
      max,
      mean,
      top,
      histogram: histograms.get(index) ?? [],
      remarks: all,
    };
  });
}

function remarksOn(rows: number, missing: number, distinct: number, exact: boolean): string[] {
  const values = rows - missing;
  if (values === 0) return ['Every value is missing.'];
  if (distinct === 1)
    return [missing === 0 ? 'Every row has the same value.' : 'All values that are there are the same.'];
  if (!exact) return ['The number of different values is approximate.'];
  if (distinct === values && values > 1) return ['Every value is different.'];
  return [];
}

async function readBasics(session: Session, table: string, batch: TypedColumn[]): Promise<Basics[]> {
  const selects = batch.map(({ type }, index) => {
    const column = `c${index}`;
    const finite = type === 'DOUBLE' ? `CASE WHEN isfinite(${column}) THEN ${column} END` : column;
    const range =
      type === 'VARCHAR' || type === 'BOOLEAN'
        ? 'NULL, NULL'
        : `CAST(min(${finite}) AS VARCHAR), CAST(max(${finite}) AS VARCHAR)`;
    const mean = type === 'BIGINT' || type === 'DOUBLE' ? `avg(${finite})` : 'NULL';
    return `count(${column}), approx_count_distinct(${column}), ${range}, ${mean}`;
  });
  const row: Row = await session.row(`SELECT ${selects.join(', ')} FROM ${table}`);
  return batch.map((_, index) => {
    const [count, distinct, min, max, mean] = row.slice(index * 5, index * 5 + 5);
    const average = mean === null || mean === undefined ? Number.NaN : Number(mean);
    return {
      count: Number(count),
      distinct: Number(distinct),
      min: (min as string | null) ?? null,
      max: (max as string | null) ?? null,
      mean: Number.isFinite(average) ? average : null,
    };
  });
}

interface Counted {
  distinct: number;
  top: { value: string; count: number }[];
}

async function readTop(
  session: Session,
  table: string,
  indexes: number[],
  most: number,
): Promise<Map<number, Counted>> {
  const found = new Map<number, Counted>();
  if (indexes.length === 0) return found;
  const selects = indexes.map(
    (index) => `SELECT * FROM (
      WITH counted AS MATERIALIZED (SELECT c${index} AS v, count(*) AS n FROM ${table} WHERE c${index} IS NOT NULL GROUP BY 1)
      SELECT ${index} AS k, (SELECT count(*) FROM counted) AS d, CAST(v AS VARCHAR) AS value, n, row_number() OVER (ORDER BY n DESC, v) AS place
        FROM counted ORDER BY place LIMIT ${most})`,
  );
  for (const [k, d, value, n] of await session.rows(`${selects.join(' UNION ALL ')} ORDER BY k, place`)) {
    const index = Number(k);
    const column = found.get(index) ?? { distinct: Number(d), top: [] };
    column.top.push({ value: shorten(String(value)), count: Number(n) });
    found.set(index, column);
  }
  return found;
}

function shorten(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

async function readHistograms(
  session: Session,
  table: string,
  batch: TypedColumn[],
  basics: Basics[],
): Promise<Map<number, number[]>> {
  const histograms = new Map<number, number[]>();
  const selects = batch.flatMap(({ type }, index) => {
    const { min, max, count } = basics[index] as Basics;
    if (type === 'VARCHAR' || type === 'BOOLEAN' || min === null || max === null) return [];
    if (min === max) {
      histograms.set(index, [count]);
      return [];
    }
    histograms.set(
      index,
      Array.from({ length: BINS }, () => 0),
    );
    const value = numeric(type, `c${index}`);
    const from = numeric(type, `CAST(${quoteText(min)} AS ${type})`);
    const to = numeric(type, `CAST(${quoteText(max)} AS ${type})`);
    // Halves, because the distance between the largest and the smallest number is not a number any more.
    const bin = `least(${BINS - 1}, CAST(floor((${value} / 2 - ${from} / 2) / (${to} / 2 - ${from} / 2) * ${BINS}) AS BIGINT))`;
    const where = type === 'DOUBLE' ? `isfinite(c${index})` : `c${index} IS NOT NULL`;
    return [`(SELECT ${index} AS k, ${bin} AS bin, count(*) AS n FROM ${table} WHERE ${where} GROUP BY 2)`];
  });
  if (selects.length === 0) return histograms;
  for (const [k, bin, n] of await session.rows(selects.join(' UNION ALL '))) {
    const histogram = histograms.get(Number(k));
    if (histogram) histogram[Math.max(0, Number(bin))] = (histogram[Math.max(0, Number(bin))] ?? 0) + Number(n);
  }
  return histograms;
}

function numeric(type: SqlType, sql: string): string {
  return type === 'DATE' || type === 'TIMESTAMP'
    ? `CAST(epoch_us(CAST(${sql} AS TIMESTAMP)) AS DOUBLE)`
    : `CAST(${sql} AS DOUBLE)`;
}
