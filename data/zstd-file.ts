import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { badData } from './bad-data.ts';

interface Frame {
  start: number;
  /** Behind its last byte. */
  end: number;
}

const MAGIC = 0xfd2fb528;
const MOST_FRAMES = 100_000;

/**
 * The bytes of a zstd file, unpacked. It can be several frames one after the other, as programs write that pack on many
 * cores; Node's stream reads the first and is silent about the others, so their places are found first.
 */
export async function* readZstd(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const { start, end } of await findFrames(path)) {
    const raw = createReadStream(path, { start, end: end - 1, highWaterMark: 256 << 10 });
    const stream = pipeline(raw, createZstdDecompress({ chunkSize: 256 << 10 }), () => undefined);
    try {
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        yield bytes;
      }
    } catch (error) {
      if (/^(Z_|ZSTD_)/.test((error as { code?: string }).code ?? '')) throw damaged();
      throw error;
    } finally {
      stream.destroy();
    }
  }
}

async function findFrames(path: string): Promise<Frame[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const frames: Frame[] = [];
    for (let at = 0; at < size; ) {
      const magic = (await readAt(file, at, 4)).readUInt32LE(0);
      // What a program may keep beside the data.
      if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
        at += 8 + (await readAt(file, at + 4, 4)).readUInt32LE(0);
        continue;
      }
      if (magic !== MAGIC || frames.length === MOST_FRAMES) throw damaged();
      const end = await endOfFrame(file, at);
      if (end > size) throw damaged();
      frames.push({ start: at, end });
      at = end;
    }
    return frames;
  } finally {
    await file.close();
  }
}

/** By RFC 8878: a header whose length its first byte tells, then blocks that tell theirs. */
async function endOfFrame(file: FileHandle, start: number): Promise<number> {
  const descriptor = (await readAt(file, start + 4, 1)).readUInt8(0);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  let at = start + 5 + (isSingle ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    const header = (await readAt(file, at, 3)).readUIntLE(0, 3);
    const isRepeated = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeated ? 1 : header >> 3);
    if ((header & 1) === 1) return at + ((descriptor & 4) === 0 ? 0 : 4);
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead < length) throw damaged();
  return buffer;
}

function damaged(): Error {
  return badData('The file is packed with zstd, but damaged: it cannot be unpacked.', 'Pack and upload it again.');
}
