import { type ImportOptions, importOptionsSchema } from '../domain/import-options.ts';
import { badData } from './bad-data.ts';
import { type CsvDialect, detectDialect, hasHeader, parseSample } from './csv-dialect.ts';
import { readHead } from './plain-file.ts';
import { CsvScanner, LONGEST_RECORD, type ScanSummary } from './scan-csv.ts';
import { pieces } from './text-encoding.ts';

export interface Layout {
  dialect: CsvDialect;
  names: string[];
  header: boolean;
  /** Bytes in front of the table: the mark of UTF-8, and lines above it. */
  skip: number;
  /** The line in which the table begins, from 1. */
  firstLine: number;
}

const SAMPLE = 256 << 10;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** How the file writes its table, by its beginning. A first row with one of the known names is a header. */
export async function detectLayout(
  path: string,
  knownNames: readonly string[],
  options: ImportOptions = importOptionsSchema.parse({}),
  signal: AbortSignal = new AbortController().signal,
  certain?: CsvDialect,
): Promise<Layout> {
  const start = await findStart(path, options, signal);
  const bytes = await readHead(path, LONGEST_RECORD, start.skip);
  const isWhole = bytes.length < LONGEST_RECORD;
  // A character that is cut at the end belongs to a record that is cut and not looked at.
  const sample = bytes.subarray(0, SAMPLE).toString();
  const sampleIsWhole = isWhole && bytes.length <= SAMPLE;
  // Without a line end in the sample, the one line there is decides by its width.
  const decides = sampleIsWhole || !/[\r\n]/.test(sample);
  const dialect = certain ?? detectDialect(sample, decides, knownDialect(options, start.delimiter));
  let records = parseSample(sample, dialect, sampleIsWhole);
  // A header of thousands of columns can be longer than the sample.
  if (records.length < 2 && !sampleIsWhole) records = parseSample(bytes.toString(), dialect, isWhole, 2);
  const first = records[0]?.fields;
  if (!first) {
    const what = isWhole
      ? 'The file has nothing but blank lines.'
      : `Line ${start.firstLine} of the file is longer than ${LONGEST_RECORD >> 20} MB.`;
    throw badData(what, 'A table is expected, one row to a line, with the names of the columns in row 1.');
  }
  const header = headerOf(options, records, knownNames);
  const names = header ? first : first.map((_, index) => `column_${index + 1}`);
  return { dialect, names, header, skip: start.skip, firstLine: start.firstLine };
}

function headerOf(
  { header }: ImportOptions,
  records: ReturnType<typeof parseSample>,
  known: readonly string[],
): boolean {
  if (header !== 'auto') return header === 'yes';
  return records[0]?.fields.some((name) => known.includes(name)) || hasHeader(records);
}

function knownDialect({ delimiter, quote }: ImportOptions, found: string | undefined) {
  const known: Partial<Pick<CsvDialect, 'delimiter' | 'quote'>> = {};
  if (delimiter !== 'auto') known.delimiter = delimiter;
  else if (found !== undefined) known.delimiter = found;
  if (quote !== 'auto') known.quote = quote === 'none' ? '' : quote;
  return known;
}

/** Where the table begins: behind the mark of UTF-8, the lines above the first row, and Excel's own line “sep=;”. */
async function findStart(path: string, { firstRow }: ImportOptions, signal: AbortSignal) {
  const head = await readHead(path, 64);
  const mark = head.subarray(0, 3).equals(BOM) ? 3 : 0;
  const said = /^sep=([^\r\n"])\r?\n/i.exec(head.toString('latin1', mark));
  if (said && firstRow === 'auto') return { skip: mark + said[0].length, firstLine: 2, delimiter: said[1] };
  if (firstRow === 'auto' || firstRow === 1) return { skip: mark, firstLine: 1 };
  let line = 1;
  let offset = 0;
  for await (const piece of pieces(path, signal)) {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) {
      line++;
      if (line === firstRow) return { skip: offset + at + 1, firstLine: line };
    }
    offset += piece.length;
  }
  throw badData(
    `The table is to begin in row ${firstRow.toLocaleString('en-US')}, but the file has ${line.toLocaleString('en-US')} lines.`,
    'Choose another first row in the import options.',
  );
}

/** Reads every byte of the table, and refuses it if it is not a clean one. */
export async function scanFile(path: string, layout: Layout, signal: AbortSignal): Promise<ScanSummary> {
  const scanner = new CsvScanner(layout.names, layout.dialect, layout.header, layout.firstLine);
  for await (const piece of pieces(path, signal, layout.skip)) scanner.read(piece);
  return scanner.end();
}
