import { stat } from 'node:fs/promises';
import type { IngestInput, Ingested } from './data-calls.ts';
import { inferTypes } from './infer-types.ts';
import { parquetOptions } from './parquet-options.ts';
import { hashFile, openPlainFile } from './plain-file.ts';
import { profileColumns, type TypedColumn } from './profile-columns.ts';
import { readParquet, refusingDamage } from './read-parquet.ts';
import { cellText, type Session } from './session.ts';
import { quoteName, quoteText } from './sql-text.ts';
import { stageCsv } from './stage-csv.ts';

/** Turns an upload into a dataset: checked, converted once to Parquet with its rows in their order, and looked at. */
export async function ingest(session: Session, input: IngestInput, toParquet: string): Promise<Ingested> {
  const { size } = await stat(input.path);
  const plain = await openPlainFile(input, session.workFolder, session.signal);
  const contentHash = await hashFile(input.path, session.signal);
  const { columns, remarks } =
    plain.kind === 'parquet'
      ? await refusingDamage(session, () => parquetToParquet(session, plain.path, toParquet))
      : await csvToParquet(session, plain.path, toParquet);
  const profile = await profileColumns(session, toParquet, columns);
  return { contentHash, bytes: size, profile: { ...profile, remarks: [...plain.remarks, ...remarks] } };
}

interface Converted {
  columns: TypedColumn[];
  remarks: string[];
}

async function csvToParquet(session: Session, path: string, to: string): Promise<Converted> {
  const staged = await stageCsv(session, path);
  const columns = await inferTypes(session, staged);
  const selects = columns.map(({ sql, name }) => `${sql} AS ${quoteName(name)}`).join(', ');
  await writeParquet(
    session,
    `SELECT ${selects} FROM read_parquet(${quoteText(staged.path)})`,
    columns.length,
    to,
    staged.rows,
  );
  return { columns, remarks: staged.remarks };
}

async function parquetToParquet(session: Session, path: string, to: string): Promise<Converted> {
  const { columns, rows } = await readParquet(session, path);
  const selects = columns.map(({ sql, name }) => `${sql} AS ${quoteName(name)}`).join(', ');
  await writeParquet(session, `SELECT ${selects} FROM read_parquet(${quoteText(path)})`, columns.length, to, rows);
  return { columns, remarks: [] };
}

/** Rows in are rows out, or there is no file. */
export async function writeParquet(
  session: Session,
  select: string,
  columns: number,
  to: string,
  rows: number,
): Promise<void> {
  await session.run(`COPY (${select}) TO ${quoteText(to)} (${parquetOptions(columns, 'zstd')})`);
  const [written] = await session.row(`SELECT count(*) FROM read_parquet(${quoteText(to)})`);
  if (Number(written) !== rows) throw new Error(`${rows} rows were read, but ${cellText(written)} were written.`);
}
