import { TrainyardError } from '../domain/failures.ts';
import { type CsvDialect, detectDialect, hasHeader, parseSample } from './csv-dialect.ts';
import { readHead } from './plain-file.ts';
import { CsvScanner, LONGEST_RECORD, type ScanSummary } from './scan-csv.ts';
import { pieces } from './text-encoding.ts';

export interface Layout {
  dialect: CsvDialect;
  names: string[];
  header: boolean;
  /** Bytes in front of the table: the mark of UTF-8. */
  skip: number;
}

const SAMPLE = 256 << 10;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** How the file writes its table, by its beginning. A first row with one of the known names is a header. */
export async function detectLayout(path: string, knownNames: readonly string[]): Promise<Layout> {
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

/** Reads every byte of the table, and refuses it if it is not a clean one. */
export async function scanFile(path: string, layout: Layout, signal: AbortSignal): Promise<ScanSummary> {
  const scanner = new CsvScanner(layout.names, layout.dialect, layout.header);
  let skip = layout.skip;
  for await (const piece of pieces(path, signal)) {
    scanner.read(skip > 0 ? piece.subarray(skip) : piece);
    skip = 0;
  }
  return scanner.end();
}
