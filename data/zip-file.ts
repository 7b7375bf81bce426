import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { badData } from './bad-data.ts';

export interface ZipEntry {
  name: string;
  /** Bytes in the archive, and unpacked (as the archive says: it may lie). */
  packed: number;
  size: number;
  method: number;
  encrypted: boolean;
  crc: number;
  offset: number;
}

const MOST_ENTRIES = 20_000;
const MOST_DIRECTORY = 16 << 20;
/** In the directory, with a long path. */
const BYTES_OF_ENTRY = 400;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_PLACE = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** What a 32-bit field holds when the number is in the 64-bit one. */
const ELSEWHERE = 0xffffffff;

/** The entries of a ZIP archive, by its directory at the end. Nothing is unpacked. */
export async function readZipDirectory(path: string, mostEntries = MOST_ENTRIES): Promise<ZipEntry[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { count, length, offset } = await findDirectory(file, size);
    if (count > mostEntries || length > Math.max(MOST_DIRECTORY, mostEntries * BYTES_OF_ENTRY)) {
      throw badData(
        `The archive has ${count.toLocaleString('en-US')} files in it; at most ${mostEntries.toLocaleString('en-US')} are possible.`,
        'Upload one table (the file itself, or an archive of that file alone), or fewer images at once.',
      );
    }
    if (offset + length > size) throw damaged();
    return parseDirectory(await readAt(file, offset, length), count);
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  if (bytesRead < length) throw damaged();
  return buffer;
}

async function findDirectory(file: FileHandle, size: number) {
  const length = Math.min(size, 22 + 65_535 + 20);
  const tail = await readAt(file, size - length, length);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== END) at--;
  if (at < 0) throw damaged();
  const found = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  if (at < 20 || tail.readUInt32LE(at - 20) !== END64_PLACE) return found;
  const record = await readAt(file, bigAt(tail, at - 20 + 8), 56);
  if (record.readUInt32LE(0) !== END64) throw damaged();
  return { count: bigAt(record, 32), length: bigAt(record, 40), offset: bigAt(record, 48) };
}

function bigAt(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw damaged();
  return value;
}

function parseDirectory(bytes: Buffer, count: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let n = 0; n < count; n++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== ENTRY) throw damaged();
    const nameLength = bytes.readUInt16LE(at + 28);
    const extraLength = bytes.readUInt16LE(at + 30);
    const nameEnd = at + 46 + nameLength;
    const entry = {
      name: bytes.toString('utf8', at + 46, nameEnd),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      method: bytes.readUInt16LE(at + 10),
      encrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      crc: bytes.readUInt32LE(at + 16),
      offset: bytes.readUInt32LE(at + 42),
    };
    readBigNumbers(entry, bytes.subarray(nameEnd, nameEnd + extraLength));
    entries.push(entry);
    at = nameEnd + extraLength + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

function readBigNumbers(entry: ZipEntry, extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    let next = at + 4;
    for (const field of ['size', 'packed', 'offset'] as const) {
      if (entry[field] !== ELSEWHERE) continue;
      if (next + 8 > end) throw damaged();
      entry[field] = bigAt(extra, next);
      next += 8;
    }
    return;
  }
}

/**
 * The bytes of an entry, unpacked piece by piece. What the archive says about its size is not believed: `count` hears of
 * every piece and throws when it is too much.
 */
export async function* readEntry(
  path: string,
  entry: ZipEntry,
  count: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (entry.encrypted)
    throw badData('The archive is protected by a password.', 'Take the password off and upload it again.');
  if (entry.method !== 0 && entry.method !== 8) {
    throw badData('The archive is packed in a way that cannot be read.', 'Pack it again in the usual way (Deflate).');
  }
  const start = await startIn(path, entry);
  if (entry.packed === 0) return;
  let crc = 0;
  const stream = unpacked(path, entry, start);
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      count(bytes.length);
      crc = crc32(bytes, crc);
      yield bytes;
    }
  } catch (error) {
    if (((error as { code?: string }).code ?? '').startsWith('Z_')) throw damaged();
    throw error;
  } finally {
    stream.destroy();
  }
  if (crc !== entry.crc) throw damaged();
}

function unpacked(path: string, entry: ZipEntry, start: number): Readable {
  const raw = createReadStream(path, { start, end: start + entry.packed - 1, highWaterMark: 256 << 10 });
  if (entry.method === 0) return raw;
  // An error of the file reaches whoever reads the unpacked bytes.
  return pipeline(raw, createInflateRaw({ chunkSize: 256 << 10 }), () => undefined);
}

/** Where the bytes of an entry begin in an archive that is open. */
export async function startOfEntry(file: FileHandle, entry: ZipEntry): Promise<number> {
  const head = await readAt(file, entry.offset, 30);
  if (head.readUInt32LE(0) !== LOCAL) throw damaged();
  return entry.offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
}

async function startIn(path: string, entry: ZipEntry): Promise<number> {
  const file = await open(path, 'r');
  try {
    return await startOfEntry(file, entry);
  } finally {
    await file.close();
  }
}

function damaged(): Error {
  return badData('The archive is damaged or cut: it cannot be unpacked.', 'Pack or save it again, and upload that.');
}
