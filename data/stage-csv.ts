import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { badData } from './bad-data.ts';
import { checkNames } from './check-names.ts';
import { type Layout, scanFile } from './csv-layout.ts';
import { groupsOf, longForm } from './long-form.ts';
import { parquetOptions } from './parquet-options.ts';
import type { RejectedRows } from './rejected-rows.ts';
import { CsvRewriter } from './rewrite-csv.ts';
import { LONGEST_RECORD, type ScanSummary } from './scan-csv.ts';
import type { Session } from './session.ts';
import { SetAside } from './set-aside.ts';
import { plural } from './show-value.ts';
import { quoteText } from './sql-text.ts';
import { pieces } from './text-encoding.ts';

/** A table with all its values as text: a Parquet file with the columns c0, c1, … in the order of the file. */
export interface Staged {
  path: string;
  names: string[];
  rows: number;
  /** For columns that are text in the file itself, whatever their values look like. */
  allText: boolean[];
  remarks: string[];
}

/** Stages the values of a CSV file (UTF-8) as text. What is not a clean table is refused, or its bad rows set aside. */
export async function stageCsv(
  session: Session,
  path: string,
  layout: Layout,
  rejected: RejectedRows,
  where?: string,
): Promise<Staged> {
  checkNames(layout.names, where);
  const kept = rejected.refuse ? undefined : await setAside(session, path, layout, rejected);
  const table = kept ? { path: kept.path, layout: { ...layout, skip: 0 } } : { path, layout };
  const scan = await scanFile(table.path, table.layout, session.signal);
  if (kept && kept.rows !== scan.rows) throw new Error(`${kept.rows} rows were kept, but ${scan.rows} were read.`);
  if (scan.rows === 0) {
    rejected.requireSome(0);
    throw badData(
      'The file has a header only: there is no row below it (row 1).',
      'Add the rows, or look whether the export went through.',
    );
  }
  await session.makeRoomFor(layout.names.length);
  const staged = join(session.workFolder, 'staged.parquet');
  await stage(session, table.path, table.layout, scan, staged);
  const blankLines = kept?.blankLines ?? scan.blankLines;
  return { path: staged, names: layout.names, rows: scan.rows, allText: [], remarks: remarksOn(layout, blankLines) };
}

async function setAside(session: Session, path: string, layout: Layout, rejected: RejectedRows) {
  const to = join(session.workFolder, 'kept.csv');
  const sorter = new SetAside(layout, rejected);
  async function* kept() {
    for await (const piece of pieces(path, session.signal, layout.skip)) yield sorter.read(piece);
    yield sorter.end();
  }
  await pipeline(kept, createWriteStream(to), { signal: session.signal });
  return { path: to, rows: sorter.kept, blankLines: sorter.blankLines };
}

/**
 * Nothing is lost in silence: what the data engine has read must have as many rows and as many bytes as what the
 * scanner has seen. Where its reader goes astray (a last line of empty quotes without an end was seen to vanish), it
 * gets the table in the plainest writing.
 */
async function stage(session: Session, path: string, layout: Layout, scan: ScanSummary, to: string): Promise<void> {
  const isRegular = !scan.irregular && layout.firstLine === 1;
  if (isRegular && (await readsAsIs(session, path, layout, scan, to))) return;
  const rewritten = await rewriteFile(path, layout, session);
  await copyToParquet(session, rewritten, layout.names.length, plainest, to);
  await rm(rewritten);
  const found = await countStaged(session, to, layout.names.length);
  if (found.rows !== scan.rows || found.bytes !== scan.contentBytes) {
    const seen = `${scan.rows} rows of ${scan.contentBytes} bytes`;
    throw new Error(`The data engine read ${found.rows} rows of ${found.bytes} bytes where the file has ${seen}.`);
  }
}

async function readsAsIs(
  session: Session,
  path: string,
  layout: Layout,
  scan: ScanSummary,
  to: string,
): Promise<boolean> {
  const form = { delimiter: layout.dialect.delimiter, header: layout.header, lineEnd: scan.lineEnd };
  try {
    await copyToParquet(session, path, layout.names.length, form, to);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/^Invalid Input Error/.test(message)) return false;
    throw error;
  }
  const { rows, bytes } = await countStaged(session, to, layout.names.length);
  return rows === scan.rows && bytes === scan.contentBytes;
}

async function countStaged(
  session: Session,
  staged: string,
  columns: number,
): Promise<{ rows: number; bytes: number }> {
  const source = `read_parquet(${quoteText(staged)})`;
  const rows = Number((await session.row(`SELECT count(*) FROM ${source}`))[0]);
  const all = Array.from({ length: columns }, (_, index) => ({ index, sql: `c${index}` }));
  let bytes = 0;
  for (const group of groupsOf(all, rows)) {
    bytes += Number((await session.row(`SELECT coalesce(sum(strlen(v)), 0) FROM ${longForm(source, group)}`))[0]);
  }
  return { rows, bytes };
}

function remarksOn(layout: Layout, blankLines: number): string[] {
  const remarks: string[] = [];
  if (!layout.header)
    remarks.push('The file has no header: its first row was taken for one like the others. The columns were numbered.');
  if (blankLines > 0) remarks.push(`${plural(blankLines, 'blank line')} ${blankLines === 1 ? 'was' : 'were'} skipped.`);
  return remarks;
}

async function rewriteFile(path: string, layout: Layout, session: Session): Promise<string> {
  const rewritten = join(session.workFolder, 'rewritten.csv');
  const rewriter = new CsvRewriter(layout.names.length, layout.dialect, layout.header);
  async function* lines() {
    for await (const piece of pieces(path, session.signal, layout.skip)) {
      // A copy: the stream may still hold the last one when the next is made.
      yield Buffer.from(rewriter.rewrite(piece));
    }
    yield Buffer.from(rewriter.end());
  }
  await pipeline(lines, createWriteStream(rewritten), { signal: session.signal });
  return rewritten;
}

interface WrittenForm {
  delimiter: string;
  header: boolean;
  lineEnd: '\n' | '\r\n';
}

/** What the rewriter writes. */
const plainest: WrittenForm = { delimiter: ',', header: false, lineEnd: '\n' };

/** Everything about the file is said, nothing is left for the data engine to guess. */
async function copyToParquet(
  session: Session,
  source: string,
  columns: number,
  form: WrittenForm,
  to: string,
): Promise<void> {
  const names = Array.from({ length: columns }, (_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const read = `read_csv(${quoteText(source)}, auto_detect = false, columns = {${names}},
    delim = ${quoteText(form.delimiter)}, quote = '"', escape = '"', comment = '', header = ${form.header},
    new_line = '${form.lineEnd === '\n' ? '\\n' : '\\r\\n'}', nullstr = '', strict_mode = true, encoding = 'utf-8',
    compression = 'none', max_line_size = ${LONGEST_RECORD * 2}, buffer_size = ${LONGEST_RECORD * 4})`;
  await session.run(`COPY (SELECT * FROM ${read}) TO ${quoteText(to)} (${parquetOptions(columns, 'lz4_raw')})`);
}
