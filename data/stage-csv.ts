import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TrainyardError } from '../domain/failures.ts';
import { checkNames } from './check-names.ts';
import { type CsvDialect, detectDialect, hasHeader, parseSample } from './csv-dialect.ts';
import { readHead } from './plain-file.ts';
import { CsvRewriter } from './rewrite-csv.ts';
import { CsvScanner, LONGEST_RECORD, type ScanSummary } from './scan-csv.ts';
import type { Session } from './session.ts';
import { plural } from './show-value.ts';
import { quoteText } from './sql-text.ts';
import { pieces } from './text-encoding.ts';

/** A table with all its values as text: a Parquet file with the columns c0, c1, … in the order of the file. */
export interface Staged {
  path: string;
  names: string[];
  rows: number;
  /** Bytes of all values, which the staged values must have too. Null when the source was no text. */
  contentBytes: number | null;
  remarks: string[];
}

const SAMPLE = 256 << 10;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

interface Layout {
  dialect: CsvDialect;
  names: string[];
  header: boolean;
  /** Bytes in front of the table: the mark of UTF-8. */
  skip: number;
}

/**
 * Reads a CSV file (UTF-8) whole, refuses what is not a clean table, and stages its values as text. A first row that
 * has one of the known names is a header, whatever it looks like.
 */
export async function stageCsv(session: Session, path: string, knownNames: readonly string[] = []): Promise<Staged> {
  const layout = await detectLayout(path, knownNames);
  checkNames(layout.names);
  const scan = await scanFile(path, layout, session.signal);
  if (scan.rows === 0) {
    throw new TrainyardError(
      'BadData',
      'The file has a header only: there is no row below it (row 1).',
      'Add the rows, or look whether the export went through.',
    );
  }
  const source = scan.irregular ? await rewriteFile(path, layout, session) : path;
  await session.makeRoomFor(layout.names.length);
  const staged = join(session.workFolder, 'staged.parquet');
  await copyToParquet(session, source, layout, scan, staged);
  if (scan.irregular) await rm(source);
  return {
    path: staged,
    names: layout.names,
    rows: scan.rows,
    contentBytes: scan.contentBytes,
    remarks: remarksOn(layout, scan),
  };
}

function remarksOn(layout: Layout, scan: ScanSummary): string[] {
  const remarks: string[] = [];
  if (!layout.header)
    remarks.push('The file has no header: its first row looks like the others. The columns were numbered.');
  if (scan.blankLines > 0)
    remarks.push(`${plural(scan.blankLines, 'blank line')} ${scan.blankLines === 1 ? 'was' : 'were'} skipped.`);
  return remarks;
}

async function detectLayout(path: string, knownNames: readonly string[]): Promise<Layout> {
  const head = await readHead(path, LONGEST_RECORD + BOM.length);
  const skip = head.subarray(0, 3).equals(BOM) ? 3 : 0;
  const bytes = head.subarray(skip);
  const isWhole = head.length < LONGEST_RECORD;
  // A character that is cut at the end belongs to a record that is cut and not looked at.
  const sample = bytes.subarray(0, SAMPLE).toString();
  const sampleIsWhole = isWhole && bytes.length <= SAMPLE;
  // Without a line end in the sample, the one line there is decides by its width.
  const dialect = detectDialect(sample, sampleIsWhole || !/[\r\n]/.test(sample));
  let records = parseSample(sample, dialect, sampleIsWhole);
  // A header of thousands of columns can be longer than the sample.
  if (records.length < 2 && !sampleIsWhole) records = parseSample(bytes.toString(), dialect, isWhole, 2);
  const first = records[0]?.fields;
  if (!first) {
    const what = isWhole
      ? 'The file has nothing but blank lines.'
      : `Line 1 of the file is longer than ${LONGEST_RECORD >> 20} MB.`;
    throw new TrainyardError(
      'BadData',
      what,
      'A table is expected, one row to a line, with the names of the columns in row 1.',
    );
  }
  const header = first.some((name) => knownNames.includes(name)) || hasHeader(records);
  const names = header ? first : first.map((_, index) => `column_${index + 1}`);
  return { dialect, names, header, skip };
}

async function scanFile(path: string, layout: Layout, signal: AbortSignal): Promise<ScanSummary> {
  const scanner = new CsvScanner(layout.names, layout.dialect, layout.header);
  let skip = layout.skip;
  for await (const piece of pieces(path, signal)) {
    scanner.read(skip > 0 ? piece.subarray(skip) : piece);
    skip = 0;
  }
  return scanner.end();
}

async function rewriteFile(path: string, layout: Layout, session: Session): Promise<string> {
  const rewritten = join(session.workFolder, 'rewritten.csv');
  const rewriter = new CsvRewriter(layout.names.length, layout.dialect, layout.header);
  async function* lines() {
    let skip = layout.skip;
    for await (const piece of pieces(path, session.signal)) {
      // A copy: the stream may still hold the last one when the next is made.
      yield Buffer.from(rewriter.rewrite(skip > 0 ? piece.subarray(skip) : piece));
      skip = 0;
    }
    yield Buffer.from(rewriter.end());
  }
  await pipeline(lines, createWriteStream(rewritten), { signal: session.signal });
  return rewritten;
}

/** Everything about the file is said, nothing is left for the data engine to guess. */
async function copyToParquet(
  session: Session,
  source: string,
  layout: Layout,
  scan: ScanSummary,
  to: string,
): Promise<void> {
  const columns = layout.names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const rewritten = scan.irregular;
  const read = `read_csv(${quoteText(source)}, auto_detect = false, columns = {${columns}},
    delim = ${quoteText(rewritten ? ',' : layout.dialect.delimiter)}, quote = '"', escape = '"', comment = '',
    header = ${!rewritten && layout.header}, nullstr = '', strict_mode = true, encoding = 'utf-8', compression = 'none',
    max_line_size = ${LONGEST_RECORD * 2}, buffer_size = ${LONGEST_RECORD * 4})`;
  await session.run(
    `COPY (SELECT * FROM ${read}) TO ${quoteText(to)} (${parquetOptions(layout.names.length, 'lz4_raw')})`,
  );
}

/** Smaller row groups for wide tables: what is held in memory is a row group of all columns. */
export function parquetOptions(columns: number, compression: 'zstd' | 'lz4_raw'): string {
  const rows = Math.max(2048, Math.min(122_880, Math.floor(4_000_000 / Math.max(1, columns) / 2048) * 2048));
  return `FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE ${rows}, USE_TMP_FILE false`;
}
