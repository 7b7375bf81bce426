import { isIdx } from './images/array-file.ts';
import { showValue } from './show-value.ts';

export type FileKind =
  | { kind: 'text' | 'json lines' | 'gzip' | 'zstd' | 'zip' | 'excel' | 'parquet' }
  | { kind: 'other'; what: string; hint: string };

const tryZip =
  'Put images into a zip, in one folder for each label (cats/1.png), or with a file labels.csv (file, label), and upload that.';
const tryCsv = 'Save or export it as CSV and upload that.';

/** First bytes that no CSV has, as Latin-1 text. */
const signatures: [start: string, what: string, hint: string][] = [
  ['%PDF', 'a PDF document', 'Export the table behind it as CSV and upload that.'],
  [
    '\xd0\xcf\x11\xe0',
    'an old Excel or Word file, or protected by a password',
    'Open it and save it as .xlsx without a password, or save the sheet as “CSV UTF-8”.',
  ],
  ['7z\xbc\xaf', 'a 7-Zip archive', 'Unpack it and upload the CSV inside.'],
  ['Rar!', 'a RAR archive', 'Unpack it and upload the CSV inside.'],
  ['BZh', 'a bzip2 file', 'Unpack it and upload the CSV inside, or pack it with gzip or zstd.'],
  ['\xfd7zXZ', 'an xz file', 'Unpack it and upload the CSV inside, or pack it with gzip or zstd.'],
  ['\x89PNG', 'a PNG picture', tryZip],
  ['\xff\xd8\xff', 'a JPEG picture', tryZip],
  ['GIF8', 'a GIF picture', tryCsv],
  [
    '\x93NUMPY',
    'one NumPy array (.npy)',
    'Save images and labels together, np.savez_compressed("images.npz", x=images, y=labels), and upload that.',
  ],
  ['SQLite format 3', 'an SQLite database', 'Export a table of it as CSV and upload that.'],
  ['\x89HDF', 'an HDF5 file', tryCsv],
  ['ARROW1', 'an Arrow (Feather) file', 'Save it as Parquet or CSV and upload that.'],
  ['Obj\x01', 'an Avro file', 'Save it as Parquet or CSV and upload that.'],
  ['ORC', 'an ORC file', 'Save it as Parquet or CSV and upload that.'],
  ['\x7fELF', 'a program', tryCsv],
  ['MZ\x90', 'a program', tryCsv],
  ['{\\rtf', 'an RTF document', tryCsv],
  ['\x80\x04\x95', 'a Python pickle', 'Save the data frame with `to_csv` or `to_parquet` and upload that.'],
  ['\x80\x05\x95', 'a Python pickle', 'Save the data frame with `to_csv` or `to_parquet` and upload that.'],
];

/** What a file is by its first bytes (a few kilobytes are enough). Its name is not asked: names lie. */
export function recogniseFile(head: Buffer): FileKind {
  const start = head.toString('latin1');
  if (start.startsWith('\x1f\x8b')) return { kind: 'gzip' };
  if (start.startsWith('\x28\xb5\x2f\xfd')) return { kind: 'zstd' };
  if (start.startsWith('PAR1')) return { kind: 'parquet' };
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return { kind: 'zip' };
  for (const [signature, what, hint] of signatures) {
    if (start.startsWith(signature)) return { kind: 'other', what, hint };
  }
  if (start.slice(257, 262) === 'ustar') {
    return { kind: 'other', what: 'a tar archive without images', hint: 'Unpack it and upload the CSV inside.' };
  }
  if (isIdx(head)) {
    const what = head[3] === 1 ? 'labels' : 'images';
    return {
      kind: 'other',
      what: `one IDX file (of ${what})`,
      hint: 'Put the file of images and the file of labels together into one zip, and upload that.',
    };
  }
  return textual(start) ?? (looksBinary(head) ? binary(start) : { kind: 'text' });
}

/** What a ZIP archive is by the names of the files in it: documents of office programs are archives, too. */
export function recogniseArchive(names: readonly string[]): FileKind {
  const has = (start: string) => names.some((name) => name.toLowerCase().startsWith(start));
  if (has('xl/') || (has('_rels/.rels') && names.some((name) => /workbook\.(xml|bin)$/i.test(name))))
    return { kind: 'excel' };
  if (has('word/')) return { kind: 'other', what: 'a Word document', hint: tryCsv };
  if (has('ppt/')) return { kind: 'other', what: 'a PowerPoint document', hint: tryCsv };
  if (has('mimetype') && has('content.xml')) {
    return {
      kind: 'other',
      what: 'an OpenDocument file',
      hint: 'Open it and save it as .xlsx or CSV, and upload that.',
    };
  }
  return { kind: 'zip' };
}

/** Text, but of another kind. Only beginnings that no header of a table has by accident. */
function textual(start: string): FileKind | undefined {
  const text = start.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^<(!doctype html|html)/i.test(text)) {
    return { kind: 'other', what: 'an HTML page', hint: 'It may be an error page of the site it was downloaded from.' };
  }
  if (text.startsWith('<?xml')) return { kind: 'other', what: 'an XML file', hint: tryCsv };
  if (/^\{\s*("[^"\n]*"\s*:|\}\s*$)/.test(text)) return { kind: 'json lines' };
  if (/^\[\s*\{/.test(text)) return { kind: 'json lines' };
  if (/^\[\s*\[/.test(text)) {
    return {
      kind: 'other',
      what: 'a JSON file that is a list of lists',
      hint: 'Save it as a list of objects, so that the columns have names, or as CSV.',
    };
  }
  return undefined;
}

/** Control characters that text does not have; NULs are left to the encoding, because UTF-16 is full of them. */
function looksBinary(head: Buffer): boolean {
  const sample = head.subarray(0, 65_536);
  let control = 0;
  for (const byte of sample) {
    if (byte < 32 && byte !== 0 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) control++;
  }
  return control > 4 && control > sample.length / 25;
}

function binary(start: string): FileKind {
  const first = showValue(start.slice(0, 8));
  return {
    kind: 'other',
    what: `not text (it begins with ${first})`,
    hint: 'A table is expected: CSV, JSON lines, Excel (.xlsx) or Parquet; text may be packed with gzip or zstd.',
  };
}
