import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { badData } from './bad-data.ts';
import { readEntry, type ZipEntry } from './zip-file.ts';
import { readZstd } from './zstd-file.ts';

export type Packing = 'gzip' | 'zstd' | 'zip';

/** A packed file of a megabyte can hold a thousand: what comes out is counted while it comes. */
export async function unpack(
  from: string,
  to: string,
  packing: 'gzip' | 'zstd',
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const count = counter(limit);
  if (packing === 'zstd') {
    const counted = async function* () {
      for await (const bytes of readZstd(from, signal)) {
        count(bytes.length);
        yield bytes;
      }
    };
    await pipeline(counted, createWriteStream(to), { signal });
    return;
  }
  const counted = new Transform({
    transform(bytes: Buffer, _, done) {
      try {
        count(bytes.length);
        done(null, bytes);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  try {
    await pipeline(createReadStream(from), createGunzip(), counted, createWriteStream(to), { signal });
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('Z_')) throw error;
    throw badData('The file is packed with gzip, but damaged: it cannot be unpacked.', 'Pack and upload it again.');
  }
}

/** What the beginning of a file packed with gzip unpacks to, at least `bytes` of it where it is as long; empty when it is damaged. */
export function gunzipHead(packed: Buffer, bytes: number): Buffer {
  try {
    const most = { maxOutputLength: MOST_OF_HEAD, finishFlush: constants.Z_SYNC_FLUSH };
    return gunzipSync(packed.subarray(0, 2 * bytes + 1024), most).subarray(0, bytes);
  } catch {
    return Buffer.alloc(0);
  }
}

/** A thousand packed bytes are at most a thousand times as many. */
const MOST_OF_HEAD = 8 << 20;

export async function unpackEntry(
  from: string,
  entry: ZipEntry,
  to: string,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(readEntry(from, entry, counter(limit), signal), createWriteStream(to), { signal });
}

function counter(limit: number): (bytes: number) => void {
  let length = 0;
  return (bytes) => {
    length += bytes;
    if (length <= limit) return;
    throw badData(
      `Unpacked, the file has more than the ${megabytes(limit)} allowed.`,
      'Upload fewer rows or columns, or ask whoever runs Trainyard to raise the limit.',
    );
  };
}

export function megabytes(bytes: number): string {
  const mb = bytes / (1 << 20);
  return mb >= 1
    ? `${mb.toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`
    : `${bytes.toLocaleString('en-US')} bytes`;
}
