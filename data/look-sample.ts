import { TrainyardError } from '../domain/failures.ts';
import type { ShownColumn } from './data-calls.ts';
import { describe } from './read-rows.ts';
import type { Session } from './session.ts';
import { showValue } from './show-value.ts';
import { quoteName, quoteText } from './sql-text.ts';

/** Enough that a strength is off by a percent at most; few enough for sixty columns at once. */
export const SAMPLED_ROWS = 20_000;

/** A column of the sample: numbers (NaN where missing), or the codes of categories (−1 where missing). */
export interface SampleColumn {
  name: string;
  type: 'number' | 'date' | 'category';
  numbers: Float64Array;
  codes: Int32Array;
  /** Texts of the codes. */
  values: string[];
  missing: number;
}

export interface Sample {
  rows: number;
  looked: number;
  columns: SampleColumn[];
}

/** Whole numbers of so few kinds are rather categories: a label of 0 and 1, stars from 1 to 5. */
const FEW_NUMBERS = 10;

/** Some rows from all over the file, the same ones each time. */
export async function takeSample(session: Session, parquet: string, names: readonly string[]): Promise<Sample> {
  const { columns, total } = await describe(session, parquet);
  const wanted = names.map((name) => columnOf(columns, name));
  const selects = wanted.map(({ name, type }) => valueSql(name, type)).join(', ');
  const found = await session.rows(`SELECT ${selects} FROM ${spread(parquet, columns, total)}`);
  return {
    rows: total,
    looked: found.length,
    columns: wanted.map(({ name, type }, index) =>
      sampleColumn(
        name,
        type,
        found.map((row) => row[index] ?? null),
      ),
    ),
  };
}

export function columnOf(columns: readonly ShownColumn[], name: string): ShownColumn {
  const found = columns.find((column) => column.name === name);
  if (!found) throw new TrainyardError('NotFound', `The data has no column ${showValue(name)}.`);
  return found;
}

/** Every n-th of mixed-up row numbers, so that neither an order nor a rhythm of the rows shows. */
function spread(parquet: string, columns: readonly ShownColumn[], total: number): string {
  const source = `read_parquet(${quoteText(parquet)})`;
  if (total <= SAMPLED_ROWS * 1.5) return source;
  const share = Math.floor((SAMPLED_ROWS / total) * 2 ** 32);
  // A column of the user's may have the name of the engine's own column of row numbers.
  if (columns.some(({ name }) => name.toLowerCase() === 'file_row_number')) {
    return `(SELECT * FROM (SELECT *, row_number() OVER () AS __ty_number FROM ${source}) WHERE hash(__ty_number) % 4294967296 < ${share})`;
  }
  return `(SELECT * FROM read_parquet(${quoteText(parquet)}, file_row_number = true) WHERE hash(file_row_number) % 4294967296 < ${share})`;
}

function valueSql(name: string, type: string): string {
  const column = quoteName(name);
  if (type === 'DOUBLE') return `CASE WHEN isfinite(${column}) THEN ${column} END`;
  if (type === 'BIGINT') return `CAST(${column} AS DOUBLE)`;
  if (type === 'DATE' || type === 'TIMESTAMP') return `CAST(epoch_ms(CAST(${column} AS TIMESTAMP)) AS DOUBLE)`;
  if (type === 'BLOB') return `md5(${column})`;
  // What is behind the first characters of a long text tells no more.
  return `left(CAST(${column} AS VARCHAR), 200)`;
}

function sampleColumn(name: string, sqlType: string, cells: readonly unknown[]): SampleColumn {
  const isText = sqlType === 'VARCHAR' || sqlType === 'BOOLEAN' || sqlType === 'BLOB';
  const isDate = sqlType === 'DATE' || sqlType === 'TIMESTAMP';
  const numbers = new Float64Array(cells.length);
  const codes = new Int32Array(cells.length);
  const known = new Map<unknown, number>();
  let missing = 0;
  for (const [row, cell] of cells.entries()) {
    if (cell === null) {
      missing++;
      codes[row] = -1;
      numbers[row] = Number.NaN;
      continue;
    }
    let code = known.get(cell);
    if (code === undefined) {
      code = known.size;
      known.set(cell, code);
    }
    codes[row] = code;
    numbers[row] = isText ? code : Number(cell);
  }
  const few = !isDate && known.size <= FEW_NUMBERS && sqlType === 'BIGINT';
  const type = isDate ? 'date' : isText || few ? 'category' : 'number';
  return { name, type, numbers, codes, values: [...known.keys()].map(String), missing };
}
