import { open } from 'node:fs/promises';
import { badData } from '../bad-data.ts';

export interface TarEntry {
  name: string;
  size: number;
  /** Where its bytes begin. */
  offset: number;
  /** Neither a link nor a device. */
  isFile: boolean;
}

const BLOCK = 512;
const LONGEST_NAME = 64 << 10;

export function isTar(head: Buffer): boolean {
  return head.toString('latin1', 257, 262) === 'ustar';
}

/** The entries of a tar archive, header by header. Nothing is unpacked; a tar has no directory. */
export async function readTar(path: string, mostEntries: number, signal: AbortSignal): Promise<TarEntry[]> {
  const file = await open(path, 'r');
  try {
    const { size: length } = await file.stat();
    const entries: TarEntry[] = [];
    const header = Buffer.alloc(BLOCK);
    let longName: string | undefined;
    for (let at = 0; at + BLOCK <= length; ) {
      signal.throwIfAborted();
      await file.read(header, 0, BLOCK, at);
      if (header.every((byte) => byte === 0)) break;
      requireChecksum(header);
      const size = numberAt(header, 124, 12);
      const kind = header.toString('latin1', 156, 157);
      if (at + BLOCK + size > length) throw damaged();
      if (kind === 'L' || kind === 'x') {
        if (size > LONGEST_NAME) throw damaged();
        const content = Buffer.alloc(size);
        await file.read(content, 0, size, at + BLOCK);
        longName = (kind === 'L' ? textOf(content) : paxPath(content)) ?? longName;
      } else {
        const name = longName ?? nameOf(header);
        longName = undefined;
        if (kind !== '5' && kind !== 'g') {
          entries.push({ name, size, offset: at + BLOCK, isFile: kind === '0' || kind === '\0' });
        }
        if (entries.length > mostEntries) throw tooMany(mostEntries);
      }
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
    return entries;
  } finally {
    await file.close();
  }
}

function tooMany(most: number): Error {
  return badData(
    `The archive has more than the ${most.toLocaleString('en-US')} files that are possible.`,
    'Upload fewer files at once.',
  );
}

/** The sum of all bytes of the header, its own field taken as blanks. */
function requireChecksum(header: Buffer): void {
  let sum = 8 * 32;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  if (sum !== numberAt(header, 148, 8)) throw damaged();
}

/** In octal digits; a size that has no room for them is binary, which the first bit says. */
function numberAt(header: Buffer, at: number, length: number): number {
  if ((header.readUInt8(at) & 0x80) !== 0) return header.readUIntBE(at + length - 6, 6);
  const text = header
    .toString('latin1', at, at + length)
    .replace(/\0.*$/s, '')
    .trim();
  if (!/^[0-7]*$/.test(text)) throw damaged();
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const prefix = textOf(header.subarray(345, 500));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** “27 path=cats/1.png\n”, of several such lines. */
function paxPath(content: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1];
}

function damaged(): Error {
  return badData('The archive is damaged or cut: it cannot be unpacked.', 'Pack it again, and upload that.');
}
