import { TrainyardError } from '../domain/failures.ts';
import type { JsonRows, JsonRowsInput, JsonValue, RowsInput, ShownColumn, ShownRows } from './data-calls.ts';
import { cellText, type Row, type Session } from './session.ts';
import { shownCell } from './shown-cell.ts';
import { showValue } from './show-value.ts';
import { quoteText } from './sql-text.ts';

const CELL = 1000;

/** Rows for a page. Only the row groups that hold them are read, so the place in the file does not matter. */
export async function readRows(session: Session, input: RowsInput): Promise<ShownRows> {
  const { columns, total } = await describe(session, input.parquet);
  const shown = choose(columns, input.columns);
  const length = input.cellLength ?? CELL;
  const cells = shown.map(({ name, type }) => shownCell(name, type));
  const numbers = input.random
    ? randomNumbers(input.limit, total, input.seed ?? 0)
    : range(input.offset ?? 0, input.limit, total);
  const found = await readNumbers(session, input.parquet, cells, numbers, columns);
  const rows = found.map((row) => row.map((cell) => cut(cell as string | null, length)));
  return { columns: shown, rows, numbers: numbers.map((number) => number + 1), total };
}

function cut(cell: string | null, length: number): string | null {
  return cell !== null && cell.length > length ? `${cell.slice(0, length)}…` : cell;
}

/** Rows for a program: numbers as numbers, unless they are too large for one. */
export async function jsonRows(session: Session, input: JsonRowsInput): Promise<JsonRows> {
  const { columns, total } = await describe(session, input.parquet);
  const cells = columns.map(({ name, type }) => shownCell(name, type));
  const found = await readNumbers(session, input.parquet, cells, range(input.offset ?? 0, input.limit, total), columns);
  const rows = found.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, index) => [name, jsonValue(type, row[index] as string | null)])),
  );
  return { rows, total };
}

function jsonValue(type: string, text: string | null): JsonValue {
  if (text === null) return null;
  if (type === 'BOOLEAN') return text === 'true';
  if (type !== 'BIGINT' && type !== 'DOUBLE') return text;
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  return type === 'BIGINT' && !Number.isSafeInteger(value) ? text : value;
}

export async function describe(session: Session, parquet: string): Promise<{ columns: ShownColumn[]; total: number }> {
  const described = await session.rows(`DESCRIBE SELECT * FROM read_parquet(${quoteText(parquet)})`);
  await session.makeRoomFor(described.length);
  const [total] = await session.row(`SELECT count(*) FROM read_parquet(${quoteText(parquet)})`);
  return {
    columns: described.map(([name, type]) => ({ name: cellText(name), type: cellText(type) })),
    total: Number(total),
  };
}

function choose(columns: ShownColumn[], names: string[] | undefined): ShownColumn[] {
  if (!names) return columns;
  return names.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (!found) throw new TrainyardError('NotFound', `The data has no column ${showValue(name)}.`);
    return found;
  });
}

async function readNumbers(
  session: Session,
  parquet: string,
  cells: string[],
  numbers: number[],
  columns: ShownColumn[],
): Promise<Row[]> {
  const [first] = numbers;
  if (first === undefined || cells.length === 0) return numbers.map(() => []);
  const source = quoteText(parquet);
  const last = numbers.at(-1) as number;
  const run = last - first + 1 === numbers.length;
  // A column of the user's may have the name of the engine's own column of row numbers.
  if (columns.some(({ name }) => name.toLowerCase() === 'file_row_number')) {
    const rows = await session.rows(
      `SELECT ${cells.join(', ')} FROM read_parquet(${source}) LIMIT ${last - first + 1} OFFSET ${first}`,
    );
    return numbers.map((number) => rows[number - first] as Row);
  }
  const where = run ? `file_row_number BETWEEN ${first} AND ${last}` : `file_row_number IN (${numbers.join(', ')})`;
  return session.rows(
    `SELECT ${cells.join(', ')} FROM read_parquet(${source}, file_row_number = true) WHERE ${where} ORDER BY file_row_number`,
  );
}

function range(offset: number, limit: number, total: number): number[] {
  const from = Math.min(Math.max(0, Math.floor(offset)), total);
  const to = Math.min(total, from + Math.max(0, Math.floor(limit)));
  return Array.from({ length: to - from }, (_, n) => from + n);
}

/** Different rows from anywhere, in order. A small generator of our own: the same seed must show the same rows. */
export function randomNumbers(limit: number, total: number, seed: number): number[] {
  if (limit >= total) return range(0, total, total);
  const chosen = new Set<number>();
  let state = (seed ^ 0x9e3779b9) >>> 0;
  while (chosen.size < limit) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    chosen.add(Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * total));
  }
  return [...chosen].sort((a, b) => a - b);
}
