import { createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { badData } from '../bad-data.ts';
import { readHead } from '../plain-file.ts';
import { recogniseArchive } from '../recognise-file.ts';
import { gunzipHead, megabytes, type Packing, unpack } from '../unpack.ts';
import { readEntry, readZipDirectory, startOfEntry, type ZipEntry } from '../zip-file.ts';
import { BrokenFile } from './measure-image.ts';
import { isTar, readTar } from './tar-file.ts';

/** One file of an archive. Its name is what the archive says: it never becomes a path on this machine. */
export interface PackedFile {
  name: string;
  /** Its first bytes, as many as there are, to see what it is. */
  head(): Promise<Buffer>;
  /** All of it. BrokenFile when it is damaged or longer than `most`. */
  read(most: number): Promise<Buffer>;
  /** All of it as a file of its own. */
  copyTo(path: string): Promise<void>;
}

export interface Archive extends AsyncDisposable {
  files: PackedFile[];
  packing: Packing | 'tar' | 'tar.gz';
}

export const MOST_FILES = 100_000;
const HEAD = 512;
/** What is packed very well begins with many bytes of one kind. */
const MOST_OF_HEAD = 1 << 20;
/** What systems put beside files: nobody knows that it is there. */
const ofSystems = /^__MACOSX\/|(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/i;

/** An archive that may hold images; undefined for all other files, and for documents that are archives. */
export async function openArchive(
  path: string,
  workFolder: string,
  limit: number,
  signal: AbortSignal,
): Promise<Archive | undefined> {
  const head = await readHead(path, HEAD);
  const counted = counter(limit);
  if (head.toString('latin1', 0, 4) === 'PK\x03\x04') return openZip(path, counted, signal);
  if (isTar(head)) return openTar(path, 'tar', counted, signal);
  if (head[0] !== 0x1f || head[1] !== 0x8b || !isTar(gunzipHead(await readHead(path, 64 << 10), HEAD)))
    return undefined;
  const plain = join(workFolder, 'unpacked.tar');
  await unpack(path, plain, 'gzip', limit, signal);
  return openTar(plain, 'tar.gz', counted, signal);
}

/** Of all files together: a small archive can hold a thousand times its size. */
function counter(limit: number): (bytes: number) => void {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total <= limit) return;
    throw badData(
      `Unpacked, the archive has more than the ${megabytes(limit)} allowed.`,
      'Upload fewer or smaller files, or ask whoever runs Trainyard to raise the limit.',
    );
  };
}

async function openZip(
  path: string,
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Archive | undefined> {
  const entries = await readZipDirectory(path, MOST_FILES);
  if (recogniseArchive(entries.map(({ name }) => name)).kind !== 'zip') return undefined;
  const file = await open(path, 'r');
  const files = entries
    .filter(({ name }) => !name.endsWith('/') && !ofSystems.test(name))
    .map((entry) => zipped(file, path, entry, count, signal));
  return { files, packing: 'zip', [Symbol.asyncDispose]: () => file.close() };
}

function zipped(
  file: FileHandle,
  path: string,
  entry: ZipEntry,
  count: (bytes: number) => void,
  signal: AbortSignal,
): PackedFile {
  const packedBytes = async (most: number) => {
    if (entry.encrypted) throw new BrokenFile('it is protected by a password', 'Pack it without a password.');
    if (entry.method !== 0 && entry.method !== 8) {
      throw new BrokenFile('it is packed in a way that cannot be read', 'Pack it again in the usual way (Deflate).');
    }
    return readPart(file, await startOfEntry(file, entry), Math.min(entry.packed, most));
  };
  return {
    name: entry.name,
    head: async () => {
      const packed = await packedBytes(2 * HEAD).catch(ignoringBroken);
      return entry.method === 0 ? packed : inflated(packed, MOST_OF_HEAD, true).subarray(0, HEAD);
    },
    read: async (most) => {
      signal.throwIfAborted();
      // Nothing that is packed is much longer than what it was.
      if (entry.packed > most + (most >> 8) + 1024) throw tooLong(most);
      const packed = await packedBytes(entry.packed);
      const bytes = entry.method === 0 ? packed : inflated(packed, most, false);
      count(bytes.length);
      if (bytes.length > most) throw tooLong(most);
      if (crc32(bytes) !== entry.crc) throw damaged();
      return bytes;
    },
    copyTo: (to) => pipeline(readEntry(path, entry, count, signal), createWriteStream(to), { signal }),
  };
}

function ignoringBroken(error: unknown): Buffer {
  if (error instanceof BrokenFile) return Buffer.alloc(0);
  throw error;
}

function inflated(packed: Buffer, most: number, isHead: boolean): Buffer {
  try {
    return inflateRawSync(packed, {
      maxOutputLength: most,
      ...(isHead ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
    });
  } catch (error) {
    if (isHead) return Buffer.alloc(0);
    throw (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLong(most) : damaged();
  }
}

function damaged(): BrokenFile {
  return new BrokenFile('it is damaged in the archive', 'Pack it again.');
}

function tooLong(most: number): BrokenFile {
  return new BrokenFile(`it has more than the ${megabytes(most)} allowed for one file`, 'Make it smaller.');
}

async function openTar(
  path: string,
  packing: 'tar' | 'tar.gz',
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Archive> {
  const entries = await readTar(path, MOST_FILES, signal);
  const file = await open(path, 'r');
  const files = entries
    .filter(({ name }) => !ofSystems.test(name))
    .map(({ name, size, offset, isFile }): PackedFile => {
      const read = async (most: number) => {
        signal.throwIfAborted();
        if (!isFile) throw new BrokenFile('it is a link, not a file', 'Pack the file itself.');
        count(size);
        if (size > most) throw tooLong(most);
        return readPart(file, offset, size);
      };
      return {
        name,
        head: () => readPart(file, offset, isFile ? Math.min(size, HEAD) : 0),
        read,
        copyTo: async (to) => {
          if (!isFile) throw badData(`${name} is a link, not a file.`, 'Pack the file itself.');
          if (size === 0) throw badData(`${name} is empty.`, 'Take it out, or put the whole file in.');
          count(size);
          await pipeline(
            file.createReadStream({ start: offset, end: offset + size - 1, autoClose: false }),
            createWriteStream(to),
            { signal },
          );
        },
      };
    });
  return { files, packing, [Symbol.asyncDispose]: () => file.close() };
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, offset);
  if (bytesRead < length) throw damaged();
  return buffer;
}
