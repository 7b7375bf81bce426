import { stat } from 'node:fs/promises';
import { type ImportOptions, type ImportUsed, importOptionsSchema } from '../domain/import-options.ts';
import type { IngestInput, Ingested } from './data-calls.ts';
import { inferTypes, numberFormOf } from './infer-types.ts';
import { plainForm } from './number-forms.ts';
import { parquetOptions } from './parquet-options.ts';
import { openImages } from './images/images-to-parquet.ts';
import { hashFile, openPlainFile, type PlainFile, requireFormat, requireSize } from './plain-file.ts';
import { profileColumns, type TypedColumn } from './profile-columns.ts';
import { readParquet, refusingDamage } from './read-parquet.ts';
import { RejectedRows } from './rejected-rows.ts';
import { cellText, type Session } from './session.ts';
import { plural } from './show-value.ts';
import { quoteName, quoteText } from './sql-text.ts';
import { stageText } from './stage-text.ts';

/**
 * Turns an upload into a dataset: checked, converted once to Parquet with its rows in their order, and looked at. The
 * same bytes read with other options are another version.
 */
export async function ingest(
  session: Session,
  input: IngestInput,
  toParquet: string,
  toRejected: string,
): Promise<Ingested> {
  const options = importOptionsSchema.parse(input.options ?? {});
  const { size } = await stat(input.path);
  const rejected = new RejectedRows(options.badRows, session.workFolder);
  const { plain, columns, remarks, used } = await converted(session, input, options, rejected, toParquet);
  const contentHash = await hashFile(input.path, session.signal);
  await rejected.keep(session, toRejected);
  const profile = await profileColumns(session, toParquet, columns);
  const found: ImportUsed = {
    ...used,
    format: plain.kind,
    packed: plain.packed,
    encoding: plain.encoding,
    badRows: options.badRows,
  };
  const all = [...plain.remarks, ...remarks, ...rejectedRemarks(rejected, profile.rows)];
  return {
    contentHash,
    bytes: size,
    options: found,
    rejectedRows: rejected.count,
    profile: { ...profile, remarks: all, options: found, rejectedRows: rejected.count },
  };
}

function rejectedRemarks({ count, first }: RejectedRows, rows: number): string[] {
  if (!first) return [];
  const total = plural(rows + count, 'row');
  return [
    `${plural(count, 'row')} of ${total} ${count === 1 ? 'was' : 'were'} set aside; the first is ${first.where ?? `row ${first.record}`}: ${first.reason}`,
  ];
}

interface Converted {
  columns: TypedColumn[];
  remarks: string[];
  used: Omit<ImportUsed, 'format' | 'packed' | 'encoding' | 'badRows'>;
}

interface ConvertedFile extends Converted {
  plain: Pick<PlainFile, 'kind' | 'packed' | 'encoding' | 'remarks'>;
}

async function converted(
  session: Session,
  input: IngestInput,
  options: ImportOptions,
  rejected: RejectedRows,
  to: string,
): Promise<ConvertedFile> {
  const limit = input.limitBytes ?? Number.POSITIVE_INFINITY;
  await requireSize(input.path, limit);
  await using images = await openImages(session, input.path, limit);
  if (images) {
    requireFormat('images', options.format);
    const made = await images.toParquet(to, rejected);
    const plain = { kind: 'images' as const, packed: images.packed, encoding: null, remarks: [] };
    return { ...made, plain, used: nothingUsed };
  }
  const plain = await openPlainFile(input, session.workFolder, session.signal, options);
  const made =
    plain.kind === 'parquet'
      ? await refusingDamage(session, () => parquetToParquet(session, plain.path, to))
      : await textToParquet(session, input, plain, options, rejected, to);
  return { ...made, plain };
}

async function textToParquet(
  session: Session,
  input: IngestInput,
  plain: PlainFile,
  options: ImportOptions,
  rejected: RejectedRows,
  to: string,
): Promise<Converted> {
  const limit = input.limitBytes ?? Number.POSITIVE_INFINITY;
  const staged = await stageText(session, { plain, options, limit, rejected, knownNames: [] });
  const { delimiter } = staged.used;
  // Formats with numbers of their own leave nothing to be found.
  const form = delimiter === null ? plainForm : await numberFormOf(session, staged, { ...options, delimiter });
  const columns = await inferTypes(session, staged, form);
  const selects = columns.map(({ sql, name }) => `${sql} AS ${quoteName(name)}`).join(', ');
  await writeParquet(
    session,
    `SELECT ${selects} FROM read_parquet(${quoteText(staged.path)})`,
    columns.length,
    to,
    staged.rows,
  );
  const written = delimiter === null ? { decimal: null, thousands: null } : form;
  return { columns, remarks: staged.remarks, used: { ...staged.used, ...written } };
}

async function parquetToParquet(session: Session, path: string, to: string): Promise<Converted> {
  const { columns, rows } = await readParquet(session, path);
  const selects = columns.map(({ sql, name }) => `${sql} AS ${quoteName(name)}`).join(', ');
  const hasImages = columns.some(({ type }) => type === 'BLOB');
  const select = `SELECT ${selects} FROM read_parquet(${quoteText(path)})`;
  await writeParquet(session, select, columns.length, to, rows, hasImages);
  return { columns, remarks: [], used: nothingUsed };
}

const nothingUsed: Converted['used'] = {
  delimiter: null,
  quote: null,
  decimal: null,
  thousands: null,
  header: null,
  sheet: null,
  sheets: [],
  firstRow: null,
};

/** Rows in are rows out, or there is no file. */
export async function writeParquet(
  session: Session,
  select: string,
  columns: number,
  to: string,
  rows: number,
  hasImages = false,
): Promise<void> {
  await session.run(`COPY (${select}) TO ${quoteText(to)} (${parquetOptions(columns, 'zstd', hasImages)})`);
  const [written] = await session.row(`SELECT count(*) FROM read_parquet(${quoteText(to)})`);
  if (Number(written) !== rows) throw new Error(`${rows} rows were read, but ${cellText(written)} were written.`);
}
