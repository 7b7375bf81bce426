import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '../domain/failures.ts';
import { type Encoding, type FileFormat, type ImportOptions, importOptionsSchema } from '../domain/import-options.ts';
import { badData } from './bad-data.ts';
import { type FileKind, recogniseArchive, recogniseFile } from './recognise-file.ts';
import { listNames, showValue } from './show-value.ts';
import { conversionRemark, convertToUtf8, detectEncoding, pieces, requireUtf8 } from './text-encoding.ts';
import { megabytes, type Packing, unpack, unpackEntry } from './unpack.ts';
import { readZipDirectory, type ZipEntry } from './zip-file.ts';

export interface PlainFile {
  kind: FileFormat;
  /** UTF-8 when it is text. */
  path: string;
  packed: Packing | null;
  /** Of text: what it was in. */
  encoding: Encoding | null;
  remarks: string[];
}

interface Upload {
  path: string;
  name?: string | undefined;
  limitBytes?: number | undefined;
}

const HEAD = 64 << 10;

export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces(path, signal)) hash.update(piece);
  return hash.digest('hex');
}

/** Brings an upload to what the rest can read: unpacked, and in UTF-8. What is no table is refused by what it is. */
export async function openPlainFile(
  upload: Upload,
  workFolder: string,
  signal: AbortSignal,
  options: ImportOptions = importOptionsSchema.parse({}),
): Promise<PlainFile> {
  const limit = upload.limitBytes ?? Number.POSITIVE_INFINITY;
  await requireSize(upload.path, limit);
  const { path, found, packed } = await unpacked(upload.path, workFolder, limit, signal);
  const remarks = packed === null ? [] : [`The file was packed with ${packed} and was unpacked.`];
  if (found.kind === 'other') {
    const name = upload.name === undefined ? 'The file' : showValue(upload.name);
    throw new TrainyardError(
      'BadData',
      `${name} is ${found.what}, not a table that can be read (CSV, JSON lines, Excel, Parquet).`,
      found.hint,
    );
  }
  const kind = formatOf(found, options.format);
  if (kind === 'parquet' || kind === 'excel') return { kind, path, packed, encoding: null, remarks };
  const text = await asUtf8(path, workFolder, options.encoding, signal);
  if (text.encoding !== 'utf-8') remarks.push(conversionRemark(text.encoding));
  return { kind: await textFormat(kind, text.path, options.format), ...text, packed, remarks };
}

async function unpacked(upload: string, workFolder: string, limit: number, signal: AbortSignal) {
  const { found, only } = await identify(upload);
  if (found.kind !== 'gzip' && found.kind !== 'zstd' && found.kind !== 'zip')
    return { path: upload, found, packed: null };
  const path = join(workFolder, 'unpacked');
  if (found.kind === 'zip') await unpackEntry(upload, only as ZipEntry, path, limit, signal);
  else await unpack(upload, path, found.kind, limit, signal);
  const inner = (await identify(path)).found;
  const twice = inner.kind === 'gzip' || inner.kind === 'zstd' || inner.kind === 'zip';
  const kept: FileKind = twice
    ? { kind: 'other', what: 'packed twice', hint: 'Unpack it once and upload that.' }
    : inner;
  return { path, found: kept, packed: found.kind };
}

/** What a file is; for an archive of one file, that file. */
async function identify(path: string): Promise<{ found: FileKind; only?: ZipEntry }> {
  const head = await readHead(path);
  if (head.length === 0) {
    throw badData(
      'The file is empty: it has no row and no column.',
      'Look whether the export went through, and upload it again.',
    );
  }
  const found = recogniseFile(head);
  if (found.kind !== 'zip') return { found };
  const entries = await readZipDirectory(path);
  const kind = recogniseArchive(entries.map(({ name }) => name));
  if (kind.kind !== 'zip') return { found: kind };
  // Folders, and what Macs put beside files.
  const files = entries.filter(({ name }) => !name.endsWith('/') && !/^__MACOSX\/|(^|\/)\.DS_Store$/.test(name));
  const [only] = files;
  if (only && files.length === 1) return { found: kind, only };
  const what = `a ZIP archive of ${
    files.length === 0
      ? 'no file'
      : listNames(
          files.map(({ name }) => name),
          3,
        )
  }`;
  return { found: { kind: 'other', what, hint: 'Unpack it and upload the one table that you need.' } };
}

export async function requireSize(path: string, limit: number): Promise<void> {
  const { size } = await stat(path);
  if (size > limit) throw tooBig(size, limit);
}

const formatWords: Record<FileFormat, string> = {
  csv: 'a CSV file',
  'json lines': 'a file of JSON lines',
  parquet: 'a Parquet file',
  excel: 'an Excel workbook (.xlsx)',
  images: 'an archive of images',
};

function formatOf(found: FileKind, wanted: ImportOptions['format']): FileFormat {
  const kind = found.kind === 'text' ? 'csv' : (found.kind as FileFormat);
  if (wanted === 'auto' || wanted === kind) return kind;
  const isText = (format: FileFormat) => format === 'csv' || format === 'json lines';
  if (isText(kind) && isText(wanted)) return wanted;
  requireFormat(kind, wanted);
  return kind;
}

/** What a person asked for has to be what the file is. */
export function requireFormat(kind: FileFormat, wanted: ImportOptions['format']): void {
  if (wanted === 'auto' || wanted === kind) return;
  throw badData(
    `The file is not ${formatWords[wanted]}: it looks like ${formatWords[kind]}.`,
    'Choose another format in the import options.',
  );
}

/** In UTF-16, JSON is known as such only after it was converted. */
async function textFormat(kind: FileFormat, path: string, wanted: ImportOptions['format']): Promise<FileFormat> {
  if (wanted !== 'auto' || kind !== 'csv') return kind;
  return recogniseFile(await readHead(path)).kind === 'json lines' ? 'json lines' : kind;
}

async function asUtf8(
  path: string,
  workFolder: string,
  wanted: ImportOptions['encoding'],
  signal: AbortSignal,
): Promise<{ path: string; encoding: Encoding }> {
  const encoding = wanted === 'auto' ? await detectEncoding(path, await readHead(path), signal) : wanted;
  if (encoding === 'utf-8') {
    if (wanted === 'utf-8') await requireUtf8(path, signal);
    return { path, encoding };
  }
  const converted = join(workFolder, 'utf-8');
  await convertToUtf8(path, converted, encoding, signal);
  return { path: converted, encoding };
}

export async function readHead(path: string, bytes = HEAD, from = 0): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, bytes - length, from + length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes) return buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

function tooBig(size: number, limit: number): TrainyardError {
  return badData(
    `The file has ${megabytes(size)}; at most ${megabytes(limit)} are allowed.`,
    'Upload fewer rows or columns, or ask whoever runs Trainyard to raise the limit.',
  );
}
