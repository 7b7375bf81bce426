import { TrainyardError } from '../domain/failures.ts';
import { checkNames } from './check-names.ts';
import type { SqlType } from './column-kinds.ts';
import type { TypedColumn } from './profile-columns.ts';
import { cellText, type Session } from './session.ts';
import { isJpeg, isPng } from './shown-cell.ts';
import { quoteName, quoteText } from './sql-text.ts';

export interface ParquetColumn extends TypedColumn {
  /** SQL for its value, as one of our types. */
  sql: string;
}

/** What a Parquet file holds, its many types brought to ours. */
export async function readParquet(session: Session, path: string): Promise<{ columns: ParquetColumn[]; rows: number }> {
  const source = `read_parquet(${quoteText(path)})`;
  const described = await session.rows(`DESCRIBE SELECT * FROM ${source}`);
  const names = await topLevelNames(session, path);
  checkNames(names);
  await session.makeRoomFor(names.length);
  const rows = Number((await session.row(`SELECT count(*) FROM ${source}`))[0]);
  if (rows === 0) {
    throw bad('The Parquet file has columns, but no row.', 'Add the rows, or look whether the export went through.');
  }
  const columns: ParquetColumn[] = [];
  for (const [name, type] of described) {
    const holdsImages = type === 'BLOB' && (await isOfImages(session, source, cellText(name)));
    columns.push(columnOf(cellText(name), cellText(type), holdsImages));
  }
  return { columns, rows };
}

/** As Trainyard writes them: whole files of images in each row, or nothing. */
async function isOfImages(session: Session, source: string, name: string): Promise<boolean> {
  const column = quoteName(name);
  const [images, others] = await session.row(
    `SELECT count(*) FILTER (${isPng(column)} OR ${isJpeg(column)}), count(*) FILTER (NOT (${isPng(column)} OR ${isJpeg(column)})) FROM ${source}`,
  );
  return Number(images) > 0 && Number(others) === 0;
}

/**
 * Somebody's Parquet file can be broken in any place, and the engine says so in many ways. Whatever is not for want of
 * memory or disk is the file.
 */
export async function refusingDamage<T>(session: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TrainyardError || session.signal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (/^out of memory|no space left|could not write|failed to (allocate|offload)/i.test(message)) throw error;
    throw bad('The Parquet file is damaged or cut: it cannot be read.', 'Write and upload it again.');
  }
}

function bad(message: string, hint: string): TrainyardError {
  return new TrainyardError('BadData', message, hint);
}

/** The names as they are in the file: the engine renames what is there twice. */
async function topLevelNames(session: Session, path: string): Promise<string[]> {
  const rows = await session.rows(`SELECT name, num_children FROM parquet_schema(${quoteText(path)})`);
  const names: string[] = [];
  let at = 1;
  while (at < rows.length) {
    names.push(cellText(rows[at]?.[0]));
    at = afterChildren(
      rows.map((row) => Number(row[1] ?? 0)),
      at,
    );
  }
  return names;
}

function afterChildren(children: number[], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (children[at] ?? 0); child++) next = afterChildren(children, next);
  return next;
}

const whole = /^(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/;
const fraction = /^(FLOAT|DOUBLE|DECIMAL\(.*\)|UBIGINT|HUGEINT|UHUGEINT|BIGNUM)$/;

function columnOf(name: string, type: string, holdsImages: boolean): ParquetColumn {
  const column = quoteName(name);
  const as = (ours: SqlType, sql = `CAST(${column} AS ${ours})`, remarks: string[] = []) => ({
    name,
    type: ours,
    sql,
    remarks,
  });
  if (holdsImages) return as('BLOB');
  if (whole.test(type)) return as('BIGINT');
  // “Not a number” is how many programs write a missing number.
  if (fraction.test(type))
    return as('DOUBLE', `CASE WHEN NOT isnan(CAST(${column} AS DOUBLE)) THEN CAST(${column} AS DOUBLE) END`);
  if (type === 'BOOLEAN' || type === 'DATE') return as(type);
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return as('TIMESTAMP', `(${column} AT TIME ZONE 'UTC')`, ['Times were brought to UTC.']);
  if (type.startsWith('TIMESTAMP')) return as('TIMESTAMP');
  const text = as('VARCHAR', `nullif(CAST(${column} AS VARCHAR), '')`);
  if (type === 'VARCHAR' || type.startsWith('ENUM')) return text;
  return { ...text, remarks: [`Was ${type.length > 60 ? `${type.slice(0, 60)}…` : type} in the file: kept as text.`] };
}
