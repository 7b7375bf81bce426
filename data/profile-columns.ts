import type { Json } from '@duckdb/node-api';
import { type ColumnProfile, type DatasetProfile, quantileShares, typeWords } from '../domain/dataset.ts';
import { lookAtImages } from './images/look-at-images.ts';
import { type SqlType, sqlTypes } from './column-kinds.ts';
import { lookAtTexts, noticesOn, type TextLooks } from './column-notices.ts';
import { groupsOf, type LongColumn, longForm } from './long-form.ts';
import type { Session } from './session.ts';
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
  standardDeviation: number | null;
  textLength: NonNullable<ColumnProfile['textLength']> | null;
}

/** Looks at every column on the whole file. */
export async function profileColumns(
  session: Session,
  parquet: string,
  columns: TypedColumn[],
  most = columns.length > MANY_COLUMNS ? TOP_OF_MANY : TOP,
): Promise<DatasetProfile> {
  const source = `read_parquet(${quoteText(parquet)})`;
  const rows = Number((await session.row(`SELECT count(*) FROM ${source}`))[0]);
  const profiles: ColumnProfile[] = [];
  for (const [index, column] of columns.entries()) {
    if (column.type !== 'BLOB') continue;
    const { count, distinct, images } = await lookAtImages(session, source, column.name);
    const looked = { ...nothingLooked, count, distinct, distinctIsExact: true };
    profiles[index] = { ...profileOf(column, rows, looked), ...(images ? { images } : {}) };
  }
  for (const type of sqlTypes) {
    if (type === 'BLOB') continue;
    const alike = columns.flatMap((column, index) =>
      column.type === type ? [{ index, sql: quoteName(column.name) }] : [],
    );
    for (const group of groupsOf(alike, rows)) {
      const looked = await lookAt(session, source, type, group, rows, most);
      for (const [index, found] of looked) profiles[index] = profileOf(columns[index] as TypedColumn, rows, found);
    }
  }
  return { rows, columns: profiles };
}

interface Looked extends Basics {
  distinctIsExact: boolean;
  top: ColumnProfile['top'];
  histogram: number[];
  quantiles: { share: number; value: string }[];
  texts: TextLooks | undefined;
}

const nothingLooked: Looked = {
  ...{ count: 0, distinct: 0, distinctIsExact: true, min: null, max: null, mean: null, standardDeviation: null },
  ...{ textLength: null, top: [], histogram: [], quantiles: [], texts: undefined },
};

async function lookAt(
  session: Session,
  source: string,
  type: SqlType,
  group: LongColumn[],
  rows: number,
  most: number,
) {
  const looked = new Map<number, Looked>();
  for (const [index, basics] of await readBasics(session, longForm(source, group), type)) {
    const distinctIsExact = rows <= EXACT_ROWS || basics.distinct <= EXACT_DISTINCT;
    looked.set(index, { ...basics, distinctIsExact, top: [], histogram: [], quantiles: [], texts: undefined });
  }
  const countable = group.filter(({ index }) => looked.get(index)?.distinctIsExact);
  for (const [index, counted] of await readTop(session, source, countable, most)) {
    Object.assign(looked.get(index) ?? {}, counted);
  }
  if (type === 'VARCHAR') {
    for (const [index, texts] of await lookAtTexts(session, source, rows, group)) {
      Object.assign(looked.get(index) ?? {}, { texts });
    }
  }
  if (type === 'VARCHAR' || type === 'BOOLEAN') return looked;
  for (const [index, quantiles] of await readQuantiles(session, longForm(source, group), type, rows)) {
    Object.assign(looked.get(index) ?? {}, { quantiles });
  }
  for (const [index, histogram] of await readHistograms(session, longForm(source, group), type)) {
    Object.assign(looked.get(index) ?? {}, { histogram });
  }
  return looked;
}

function profileOf(column: TypedColumn, rows: number, looked: Looked): ColumnProfile {
  const missing = rows - looked.count;
  const distinct = looked.count === 0 ? 0 : looked.distinct;
  const { distinctIsExact, textLength, texts } = looked;
  const { name, type } = column;
  const longest = textLength?.max ?? null;
  const notices = noticesOn({ name, type, rows, missing, distinct, distinctIsExact, longest, texts });
  const approximate = distinctIsExact || distinct < 2 ? [] : ['The number of different values is approximate.'];
  return {
    name,
    type: typeWords[type],
    sqlType: type,
    missing,
    distinct,
    min: looked.min,
    max: looked.max,
    mean: looked.mean,
    top: looked.top,
    histogram: looked.histogram,
    remarks: [...column.remarks, ...notices.map(({ message }) => message), ...approximate],
    missingShare: rows === 0 ? 0 : missing / rows,
    standardDeviation: looked.standardDeviation,
    quantiles: looked.quantiles,
    ...(looked.quantiles.length > 0 ? { quantilesAreApproximate: rows > EXACT_ROWS } : {}),
    textLength,
    notices,
  };
}

/** Infinity is a value, but neither a least nor a greatest one. */
function finite(type: SqlType): string {
  return type === 'DOUBLE' ? 'CASE WHEN isfinite(v) THEN v END' : 'v';
}

async function readBasics(session: Session, long: string, type: SqlType): Promise<[number, Basics][]> {
  const ranged = type !== 'VARCHAR' && type !== 'BOOLEAN';
  const range = ranged ? `CAST(min(${finite(type)}) AS VARCHAR), CAST(max(${finite(type)}) AS VARCHAR)` : 'NULL, NULL';
  const isNumber = type === 'BIGINT' || type === 'DOUBLE';
  const mean = isNumber ? `avg(${finite(type)})` : 'NULL';
  const length = type === 'VARCHAR' ? 'min(length(v)), avg(length(v)), max(length(v))' : 'NULL, NULL, NULL';
  const found = await session.rows(
    `SELECT k, count(v), approx_count_distinct(v), ${range}, ${mean}, ${isNumber ? deviation : 'NULL'}, ${length}
     FROM ${long} GROUP BY k`,
  );
  return found.map(([k, count, distinct, min, max, average, spread, shortest, usual, longest]) => [
    Number(k),
    {
      count: Number(count),
      distinct: Number(distinct),
      min: textOf(min),
      max: textOf(max),
      mean: numberOf(average),
      standardDeviation: numberOf(spread),
      textLength:
        usual === null || usual === undefined
          ? null
          : { min: Number(shortest), mean: Number(usual), max: Number(longest) },
    },
  ]);
}

/** The engine fails where a square is no number any more. */
const deviation =
  'CASE WHEN max(abs(CAST(v AS DOUBLE))) < 1e150 THEN stddev_samp(CASE WHEN abs(CAST(v AS DOUBLE)) < 1e150 THEN v END) END';

function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

async function readQuantiles(
  session: Session,
  long: string,
  type: SqlType,
  rows: number,
): Promise<[number, { share: number; value: string }[]][]> {
  // Exact ones need every value in memory.
  const quantile = rows <= EXACT_ROWS ? 'quantile_disc' : 'approx_quantile';
  const shares = `[${quantileShares.join(', ')}]`;
  const found = await session.rows(
    `SELECT k, CAST(${quantile}(${finite(type)}, ${shares}) AS VARCHAR[]) FROM ${long} GROUP BY k`,
  );
  return found.map(([k, values]) => [
    Number(k),
    (values as string[] | null)?.map((value, n) => ({ share: quantileShares[n] as number, value })) ?? [],
  ]);
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

interface Counted {
  distinct: number;
  top: ColumnProfile['top'];
}

/** Exact counts of every value; equal counts in the order of the values, so that two looks show the same. */
async function readTop(
  session: Session,
  source: string,
  group: LongColumn[],
  most: number,
): Promise<[number, Counted][]> {
  if (group.length === 0) return [];
  const found = await session.rows(
    `WITH counted AS MATERIALIZED (
       SELECT k, v, count(*) AS n FROM ${longForm(source, group)} WHERE v IS NOT NULL GROUP BY k, v
     )
     SELECT k, count(*), list_transform(
       min({'minus': -n, 'v': v}, ${most}), lambda x: [CAST(-x.minus AS VARCHAR), left(CAST(x.v AS VARCHAR), ${LONGEST_VALUE + 1})]
     ) FROM counted GROUP BY k`,
  );
  return found.map(([k, distinct, top]) => {
    const entries = (top as [count: string, value: string][]).map(([count, value]) => ({
      value: shorten(value),
      count: Number(count),
    }));
    return [Number(k), { distinct: Number(distinct), top: entries }];
  });
}

function shorten(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

async function readHistograms(session: Session, long: string, type: SqlType): Promise<Map<number, number[]>> {
  const number =
    type === 'DATE' || type === 'TIMESTAMP' ? 'CAST(epoch_us(CAST(v AS TIMESTAMP)) AS DOUBLE)' : 'CAST(v AS DOUBLE)';
  const only = type === 'DOUBLE' ? 'isfinite(v)' : 'v IS NOT NULL';
  // Halves, because the distance between the largest and the smallest number may be no number any more.
  const found = await session.rows(
    `WITH numbers AS (SELECT k, ${number} / 2 AS half FROM ${long} WHERE ${only}),
       ranges AS (SELECT k, min(half) AS least, max(half) - min(half) AS width FROM numbers GROUP BY k)
     SELECT k, CASE WHEN width = 0 THEN -1 ELSE least(${BINS - 1}, floor((half - least) / width * ${BINS})) END AS bin, count(*)
     FROM numbers JOIN ranges USING (k) GROUP BY 1, 2`,
  );
  const histograms = new Map<number, number[]>();
  for (const [k, bin, count] of found) {
    const index = Number(k);
    // One value only: one bin.
    const histogram = histograms.get(index) ?? Array.from({ length: Number(bin) < 0 ? 1 : BINS }, () => 0);
    histogram[Math.max(0, Number(bin))] = Number(count);
    histograms.set(index, histogram);
  }
  return histograms;
}
