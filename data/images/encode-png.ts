import { crc32, deflateSync } from 'node:zlib';

const START = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const FAST = { level: 6 };

/** A PNG file of pixels row by row, one byte each of grey, or three of red, green and blue. */
export function encodePng(pixels: Uint8Array, width: number, height: number, channels: 1 | 3): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  head[9] = channels === 1 ? 0 : 2;
  const line = width * channels;
  // Each line begins with how it is to be read: 0, as it is.
  const lines = Buffer.alloc((line + 1) * height);
  for (let row = 0; row < height; row++) lines.set(pixels.subarray(row * line, (row + 1) * line), row * (line + 1) + 1);
  return Buffer.concat([
    START,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines, FAST)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name: string, content: Buffer): Buffer {
  const made = Buffer.alloc(12 + content.length);
  made.writeUInt32BE(content.length, 0);
  made.write(name, 4, 'latin1');
  content.copy(made, 8);
  made.writeUInt32BE(crc32(made.subarray(4, 8 + content.length)), 8 + content.length);
  return made;
}
