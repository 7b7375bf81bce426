import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { TrainyardError } from '../domain/failures.ts';
import { recogniseFile } from './recognise-file.ts';
import { showValue } from './show-value.ts';
import { conversionRemark, convertToUtf8, detectEncoding, pieces } from './text-encoding.ts';

export interface PlainFile {
  kind: 'csv' | 'parquet';
  /** UTF-8 when it is CSV. */
  path: string;
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
export async function openPlainFile(upload: Upload, workFolder: string, signal: AbortSignal): Promise<PlainFile> {
  const limit = upload.limitBytes ?? Number.POSITIVE_INFINITY;
  const { size } = await stat(upload.path);
  if (size > limit) throw tooBig(`The file has ${megabytes(size)}`, limit);
  let path = upload.path;
  let head = await readHead(path);
  let found = recogniseFile(head);
  const remarks: string[] = [];
  if (found.kind === 'gzip') {
    path = join(workFolder, 'unpacked');
    await unpack(upload.path, path, limit, signal);
    head = await readHead(path);
    found = recogniseFile(head);
    remarks.push('The file was packed with gzip and was unpacked.');
    if (found.kind === 'gzip') {
      found = { kind: 'other', what: 'packed twice', hint: 'Unpack it once and upload that.' };
    }
  }
  if (found.kind === 'other') {
    const name = upload.name === undefined ? 'The file' : showValue(upload.name);
    throw new TrainyardError('BadData', `${name} is ${found.what}, not a CSV file.`, found.hint);
  }
  if (found.kind === 'parquet') return { kind: 'parquet', path, remarks };
  if (head.length === 0) {
    throw new TrainyardError(
      'BadData',
      'The file is empty: it has no row and no column.',
      'Look whether the export went through, and upload it again.',
    );
  }
  const encoding = await detectEncoding(path, head, signal);
  if (encoding !== 'utf-8') {
    const converted = join(workFolder, 'utf-8');
    await convertToUtf8(path, converted, encoding, signal);
    path = converted;
    remarks.push(conversionRemark(encoding));
  }
  return { kind: 'csv', path, remarks };
}

export async function readHead(path: string, bytes = HEAD): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, bytes - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes) return buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

/** A packed file of a megabyte can hold a thousand: what comes out is counted while it comes. */
async function unpack(from: string, to: string, limit: number, signal: AbortSignal): Promise<void> {
  let length = 0;
  const count = new Transform({
    transform(bytes: Buffer, _, done) {
      length += bytes.length;
      if (length > limit) done(tooBig('Unpacked, the file has more', limit));
      else done(null, bytes);
    },
  });
  try {
    await pipeline(createReadStream(from), createGunzip(), count, createWriteStream(to), { signal });
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw new TrainyardError(
      'BadData',
      'The file is packed with gzip, but damaged: it cannot be unpacked.',
      'Pack and upload it again.',
    );
  }
}

function tooBig(what: string, limit: number): TrainyardError {
  const more = what.endsWith('more')
    ? `${what} than the ${megabytes(limit)} allowed.`
    : `${what}; at most ${megabytes(limit)} are allowed.`;
  return new TrainyardError(
    'BadData',
    more,
    'Upload fewer rows or columns, or ask whoever runs Trainyard to raise the limit.',
  );
}

function megabytes(bytes: number): string {
  const mb = bytes / (1 << 20);
  return mb >= 1
    ? `${mb.toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`
    : `${bytes.toLocaleString('en-US')} bytes`;
}
