import { isUtf8 } from 'node:buffer';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TrainyardError } from '../domain/failures.ts';
import type { Encoding } from '../domain/import-options.ts';
import { WesternText } from './western-text.ts';

const encodingWords: Partial<Record<Encoding, string>> = {
  'utf-8': 'UTF-8',
  'windows-1252': 'Windows-1252 (Latin-1)',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
};

function wordOf(encoding: Encoding): string {
  return encodingWords[encoding] ?? encoding;
}

export function conversionRemark(encoding: Encoding): string {
  return `The file was in ${wordOf(encoding)} and was converted to UTF-8.`;
}

const CHUNK = 1 << 20;

/** Reads a file in pieces of a megabyte. The same memory is used again for each piece. */
export async function* pieces(path: string, signal: AbortSignal, from = 0): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let at = from; ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The encoding of the whole file; one that cannot be told is refused, because guessing wrong ruins names and values. */
export async function detectEncoding(path: string, head: Buffer, signal: AbortSignal): Promise<Encoding> {
  const [first = 0, second = 0, third = -1, fourth = -1] = head;
  if (first === 0xff && second === 0xfe) {
    if (third === 0 && fourth === 0) throw unknownEncoding('It begins with the mark of UTF-32.');
    return 'utf-16le';
  }
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const guessed = guessUtf16(head);
  if (guessed) return guessed;
  const bad = await firstBadUtf8(path, signal);
  if (bad === undefined) return 'utf-8';
  await requireWesternText(path, bad, signal);
  return 'windows-1252';
}

/** UTF-16 without a mark: in Latin text every second byte is NUL, and always the same one. */
function guessUtf16(head: Buffer): Encoding | undefined {
  const sample = head.subarray(0, 4096);
  let even = 0;
  let odd = 0;
  for (let i = 0; i < sample.length; i++) {
    if (sample[i] !== 0) continue;
    if (i % 2 === 0) even++;
    else odd++;
  }
  const many = sample.length / 5;
  if (odd > many && even < odd / 20) return 'utf-16le';
  if (even > many && odd < even / 20) return 'utf-16be';
  return undefined;
}

/** Refuses a file that is not what somebody says it is. */
export async function requireUtf8(path: string, signal: AbortSignal): Promise<void> {
  const bad = await firstBadUtf8(path, signal);
  if (!bad) return;
  throw new TrainyardError(
    'BadData',
    `Line ${bad.line} has the byte 0x${bad.byte.toString(16)}, which is not UTF-8.`,
    'Choose another encoding in the import options, or save the file as UTF-8 and upload it again.',
  );
}

async function firstBadUtf8(path: string, signal: AbortSignal): Promise<{ line: number; byte: number } | undefined> {
  let rest = Buffer.alloc(0);
  let line = 1;
  for await (const piece of pieces(path, signal)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    const end = completeEnd(bytes);
    if (!isUtf8(bytes.subarray(0, end))) return locate(bytes.subarray(0, end), line);
    line += countLines(bytes.subarray(0, end));
    rest = Buffer.from(bytes.subarray(end));
  }
  return rest.length > 0 ? { line, byte: rest[0] as number } : undefined;
}

/** Where the last character that is whole ends; at most three bytes are left over. */
function completeEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needed ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function locate(bytes: Buffer, firstLine: number): { line: number; byte: number } {
  let from = 0;
  let to = bytes.length;
  // The shortest beginning that is not valid ends with the bad byte; a cut character counts as valid here.
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    const end = completeEnd(bytes.subarray(0, middle));
    if (isUtf8(bytes.subarray(0, end))) from = middle;
    else to = middle;
  }
  // The bad character begins where the longest valid beginning ends.
  let at = to - 1;
  while (at > 0 && !isUtf8(bytes.subarray(0, at))) at--;
  return { line: firstLine + countLines(bytes.subarray(0, at)), byte: bytes[at] as number };
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

async function requireWesternText(
  path: string,
  bad: { line: number; byte: number },
  signal: AbortSignal,
): Promise<void> {
  const text = new WesternText();
  for await (const piece of pieces(path, signal)) text.read(piece);
  if (text.isPlausible()) return;
  const found = `0x${bad.byte.toString(16)}`;
  throw unknownEncoding(
    `Line ${bad.line} has the byte ${found}, which is not UTF-8, and the rest does not read as Windows-1252.`,
  );
}

function unknownEncoding(found: string): TrainyardError {
  return new TrainyardError(
    'BadData',
    `The file is in an unknown encoding. ${found}`,
    'Choose its encoding in the import options, or save it as UTF-8 (in Excel: “CSV UTF-8”) and upload it again.',
  );
}

/** Writes the file anew as UTF-8. Bytes that mean nothing in the encoding are refused, not replaced. */
export async function convertToUtf8(from: string, to: string, encoding: Encoding, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes: Buffer | undefined): Buffer => {
    try {
      return Buffer.from(bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode());
    } catch {
      throw unknownEncoding(`It began as ${wordOf(encoding)}, but has bytes that mean nothing there.`);
    }
  };
  const convert = new Transform({
    transform(bytes: Buffer, _, done) {
      try {
        done(null, decode(bytes));
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        done(null, decode(undefined));
      } catch (error) {
        done(error as Error);
      }
    },
  });
  await pipeline(createReadStream(from, { highWaterMark: CHUNK }), convert, createWriteStream(to), { signal });
}
