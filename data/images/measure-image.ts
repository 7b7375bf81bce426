import { crc32, inflateSync } from 'node:zlib';

export const imageTypes = ['png', 'jpeg'] as const;
export type ImageType = (typeof imageTypes)[number];

export interface Measured {
  type: ImageType;
  width: number;
  height: number;
}

/** What is wrong with one file of many, as the end of a sentence. */
export class BrokenFile extends Error {
  readonly hint: string;

  constructor(message: string, hint = 'Mend it, or take it out.') {
    super(message);
    this.hint = hint;
  }
}

/** Somebody's image is opened by whatever trains on it: what would take all its memory does not come in. */
export const MOST_PIXELS = 25_000_000;
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

const others: [start: string, what: string][] = [
  ['GIF8', 'a GIF picture'],
  ['BM', 'a BMP picture'],
  ['II*\0', 'a TIFF picture'],
  ['MM\0*', 'a TIFF picture'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'an archive'],
];

/** What an image is by its first bytes: names lie. */
export function imageTypeOf(head: Uint8Array): ImageType | undefined {
  if (PNG.equals(head.subarray(0, 8))) return 'png';
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff ? 'jpeg' : undefined;
}

/** Type and size of an image that is whole, as far as that can be told without drawing it. */
export function measureImage(bytes: Buffer): Measured {
  const type = imageTypeOf(bytes);
  if (bytes.length === 0) throw new BrokenFile('it is empty');
  if (!type) throw new BrokenFile(`it is ${whatElse(bytes)}, not PNG or JPEG`, 'Save it as PNG, or take it out.');
  const { width, height } = type === 'png' ? measurePng(bytes) : measureJpeg(bytes);
  return { type, width, height };
}

function whatElse(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 16);
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'a WebP picture';
  if (/^ftyp(avif|hei)/.test(start.slice(4))) return 'an AVIF or HEIC picture';
  return others.find(([signature]) => start.startsWith(signature))?.[1] ?? 'something else';
}

function requireSize(width: number, height: number): void {
  if (width === 0 || height === 0) throw broken();
  if (width * height <= MOST_PIXELS) return;
  const most = `${MOST_PIXELS / 1_000_000} million`;
  throw new BrokenFile(`it has ${width} × ${height} pixels, more than the ${most} allowed`, 'Make it smaller.');
}

function broken(): BrokenFile {
  return new BrokenFile('it is broken or cut: it cannot be shown whole');
}

interface PngHead {
  width: number;
  height: number;
  /** In one pixel. */
  bits: number;
}

/** Every chunk with its checksum, and the pixels as many as the head says. */
function measurePng(bytes: Buffer): PngHead {
  let head: PngHead | undefined;
  const data: Buffer[] = [];
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw broken();
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) throw broken();
    const name = bytes.toString('latin1', at + 4, at + 8);
    const content = bytes.subarray(at + 8, end - 4);
    if (!head) head = pngHead(name, content);
    else if (name === 'IDAT') data.push(content);
    else if (name === 'IEND') break;
    at = end;
  }
  requirePixels(Buffer.concat(data), head);
  return head;
}

const channelsOf: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function pngHead(name: string, content: Buffer): PngHead {
  if (name !== 'IHDR' || content.length !== 13) throw broken();
  const [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)];
  const channels = channelsOf[content.readUInt8(9)];
  if (!channels) throw broken();
  requireSize(width, height);
  return { width, height, bits: channels * content.readUInt8(8) };
}

function requirePixels(packed: Buffer, { width, height, bits }: PngHead): void {
  const least = Math.floor((width * height * bits) / 8);
  // Each line has a byte more, and in an interlaced image there are up to seven times as many shorter lines.
  const most = least + 8 * (height + 7) * 2 + width * 8;
  try {
    if (inflateSync(packed, { maxOutputLength: Math.max(64, most) }).length < least) throw broken();
  } catch {
    throw broken();
  }
}

/** The size alone, of an image whose end may be missing; undefined where it is not among these bytes. */
export function measureHead(head: Buffer): { width: number; height: number } | undefined {
  try {
    return imageTypeOf(head) === 'jpeg' ? measureJpeg(head, false) : pngHead('IHDR', head.subarray(16, 29));
  } catch {
    return undefined;
  }
}

/** Markers up to the one that holds the size, then the end: a cut file has none. */
function measureJpeg(bytes: Buffer, needsEnd = true): { width: number; height: number } {
  let size: { width: number; height: number } | undefined;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw broken();
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2) throw broken();
    if (isFrame(marker) && at + 9 <= bytes.length) {
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
      requireSize(size.width, size.height);
      if (!needsEnd) return size;
    }
    if (marker === 0xda) {
      if (!size || bytes.lastIndexOf('\xff\xd9', undefined, 'latin1') <= at) throw broken();
      return size;
    }
    at += 2 + length;
  }
  throw broken();
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
