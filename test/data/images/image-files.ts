import { crc32, deflateRawSync } from 'node:zlib';
import { encodePng } from '../../../data/images/encode-png.ts';
import { failureOf } from '../data-fixture.ts';

/** Twelve by ten, written by Pillow. */
export const jpeg = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAKAAwBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABgX/xAAbEAACAgMBAAAAAAAAAAAAAAAAAQQFIzEzQf/aAAgBAQAAPwCfVrQojrEgxV+CiPyR/9k=',
  'base64',
);

export function png(shade: number, width = 4, height = 3): Buffer {
  return encodePng(new Uint8Array(width * height).fill(shade), width, height, 1);
}

/** What NumPy's `save` writes. */
export function npy(descr: string, shape: readonly number[], values: Buffer, fortran = false): Buffer {
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const said = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }`;
  const text = `${said.padEnd(117)}\n`;
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), values]);
}

export function floats(...values: number[]): Buffer {
  return Buffer.from(Float64Array.from(values).buffer);
}

export function wholes(...values: number[]): Buffer {
  return Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
}

/** MNIST's format, of bytes. */
export function idx(shape: readonly number[], values: Buffer): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = 8;
  head[3] = shape.length;
  for (const [n, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * n);
  return Buffer.concat([head, values]);
}

/** As tar wrote in 1988; `kind` 2 is a link. */
export function tarOf(files: Record<string, Buffer>, kind = '0'): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write('0000644\0', 100);
    head.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    head.write(kind, 156);
    head.write('ustar\u000000', 257);
    head.fill(' ', 148, 156);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The end of an archive whose directory is said to list so many files. */
export function zipOfSaid(count: number): Buffer {
  const name = Buffer.from('a/1.png');
  const packed = deflateRawSync(png(1));
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(8, 8);
  head.writeUInt32LE(crc32(png(1)), 14);
  head.writeUInt32LE(packed.length, 18);
  head.writeUInt16LE(name.length, 26);
  const large = Buffer.alloc(56);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(BigInt(count), 32);
  const place = Buffer.alloc(20);
  place.writeUInt32LE(0x07064b50, 0);
  place.writeBigUInt64LE(BigInt(head.length + name.length + packed.length), 8);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(0xffff, 10);
  return Buffer.concat([head, name, packed, large, place, end]);
}

/** The sentence with which an upload is refused, what to do among it. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const { type, message, hint } = await failureOf(promise);
  return type === 'BadData' ? `${message} ${hint}` : `${type}! ${message}`;
}
