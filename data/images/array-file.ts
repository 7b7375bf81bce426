import { open } from 'node:fs/promises';
import { badData } from '../bad-data.ts';
import { showValue } from '../show-value.ts';

/** Numbers or texts beneath each other in a file, all of one kind: what NumPy's .npy and MNIST's IDX are. */
export interface ArrayFile {
  /** As it is called in the archive. */
  name: string;
  path: string;
  /** Where the first value begins. */
  offset: number;
  shape: number[];
  kind: ValueKind;
  /** In one value. */
  bytes: number;
  littleEndian: boolean;
}

export type ValueKind = 'yes/no' | 'unsigned' | 'signed' | 'float' | 'letters' | 'bytes';

const NPY = '\x93NUMPY';
const LONGEST_HEADER = 1 << 20;

export function isNpy(head: Buffer): boolean {
  return head.toString('latin1', 0, 6) === NPY;
}

/** Two zeros, what the values are, how many dimensions; each of these is a length. */
export function isIdx(head: Buffer): boolean {
  const dimensions = head[3] ?? 0;
  return (
    head.length >= 4 + 4 * dimensions &&
    head.readUInt16BE(0) === 0 &&
    idxKinds[head.readUInt8(2)] !== undefined &&
    dimensions >= 1 &&
    dimensions <= 4 &&
    dimensionsOf(head, dimensions).every((length) => length > 0 && length < 1 << 28)
  );
}

const idxKinds: Record<number, [ValueKind, number]> = {
  8: ['unsigned', 1],
  9: ['signed', 1],
  11: ['signed', 2],
  12: ['signed', 4],
  13: ['float', 4],
  14: ['float', 8],
};

function dimensionsOf(head: Buffer, count: number): number[] {
  return Array.from({ length: count }, (_, n) => head.readUInt32BE(4 + 4 * n));
}

export async function openIdx(name: string, path: string): Promise<ArrayFile> {
  const head = await headOf(path, 20);
  const dimensions = head.readUInt8(3);
  const [kind, bytes] = idxKinds[head.readUInt8(2)] as [ValueKind, number];
  const array = { name, path, offset: 4 + 4 * dimensions, shape: dimensionsOf(head, dimensions), kind, bytes };
  return whole({ ...array, littleEndian: false });
}

/** Only what NumPy itself can read without running code: an array of objects is a pickle. */
export async function openNpy(name: string, path: string): Promise<ArrayFile> {
  const head = await headOf(path, LONGEST_HEADER);
  const isNew = head.readUInt8(6) >= 2;
  const start = isNew ? 12 : 10;
  const length = isNew ? head.readUInt32LE(8) : head.readUInt16LE(8);
  if (start + length > head.length) throw cut(name);
  const said = head.toString('latin1', start, start + length);
  const descr = /'descr':\s*(?:'([^']*)'|(.))/.exec(said);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(said)?.[1];
  if (descr?.[1] === undefined || shape === undefined) {
    throw badData(
      `${showValue(name)} holds rows of several kinds, not numbers.`,
      'Save images and labels as arrays of numbers.',
    );
  }
  if (/'fortran_order':\s*True/.test(said)) {
    throw badData(
      `${showValue(name)} is laid out column by column (Fortran order).`,
      'Save it again with np.ascontiguousarray(array).',
    );
  }
  const lengths = shape.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  if (lengths.some((each) => !Number.isSafeInteger(each) || each < 0)) throw cut(name);
  return whole({ name, path, offset: start + length, shape: lengths, ...kindOf(name, descr[1]) });
}

const npyKinds: Record<string, ValueKind> = {
  b: 'yes/no',
  u: 'unsigned',
  i: 'signed',
  f: 'float',
  U: 'letters',
  S: 'bytes',
};

function kindOf(name: string, descr: string): Pick<ArrayFile, 'kind' | 'bytes' | 'littleEndian'> {
  const [, order, letter = '', count] = /^([<>|=]?)([A-Za-z])(\d*)$/.exec(descr) ?? [];
  if (letter === 'O') {
    throw badData(
      `${showValue(name)} holds Python objects, which are pickles: to read them is to run code of whoever wrote them. They are not opened.`,
      'Save it as an array of numbers, or of texts for labels: array.astype("uint8"), array.astype("str").',
    );
  }
  const kind = npyKinds[letter];
  const bytes = Number(count) * (letter === 'U' ? 4 : 1);
  const isKnown = kind === 'letters' || kind === 'bytes' || [1, 2, 4, 8].includes(bytes);
  if (!kind || !isKnown || bytes > LONGEST_HEADER || (kind === 'float' && bytes < 4)) {
    throw badData(
      `${showValue(name)} holds values of the type ${showValue(descr)}, which cannot be read.`,
      'Save it as uint8, whole numbers, float32 or float64.',
    );
  }
  return { kind, bytes, littleEndian: order !== '>' };
}

async function headOf(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(20, Math.min(size, bytes)));
    await file.read(buffer, 0, buffer.length, 0);
    return buffer;
  } finally {
    await file.close();
  }
}

/** Its file is as long as the array says. */
async function whole(array: ArrayFile): Promise<ArrayFile> {
  const file = await open(array.path, 'r');
  try {
    const needed = array.offset + array.bytes * array.shape.reduce((product, length) => product * length, 1);
    if ((await file.stat()).size < needed) throw cut(array.name);
    return array;
  } finally {
    await file.close();
  }
}

function cut(name: string): Error {
  return badData(`${showValue(name)} is damaged or cut: it is shorter than it says.`, 'Save and upload it again.');
}

/** The values of one row after another: all that belongs to one place of the first dimension. */
export async function* rowsOf(array: ArrayFile, signal: AbortSignal): AsyncGenerator<DataView> {
  const [rows = 0, ...rest] = array.shape;
  const length = array.bytes * rest.reduce((product, each) => product * each, 1);
  const atOnce = Math.max(1, Math.floor((4 << 20) / Math.max(1, length)));
  const file = await open(array.path, 'r');
  try {
    for (let row = 0; row < rows; row += atOnce) {
      signal.throwIfAborted();
      const count = Math.min(atOnce, rows - row);
      const buffer = Buffer.alloc(count * length);
      await file.read(buffer, 0, buffer.length, array.offset + row * length);
      for (let n = 0; n < count; n++) yield new DataView(buffer.buffer, buffer.byteOffset + n * length, length);
    }
  } finally {
    await file.close();
  }
}

/** How a number of this array is read at a place of a row. */
export function numberReader({ kind, bytes, littleEndian }: ArrayFile): (view: DataView, index: number) => number {
  if (bytes === 1) {
    return kind === 'signed' ? (view, index) => view.getInt8(index) : (view, index) => view.getUint8(index);
  }
  const at = (index: number) => index * bytes;
  if (kind === 'float') {
    return bytes === 4
      ? (view, index) => view.getFloat32(at(index), littleEndian)
      : (view, index) => view.getFloat64(at(index), littleEndian);
  }
  const signed = kind === 'signed';
  if (bytes === 2) {
    return signed
      ? (view, index) => view.getInt16(at(index), littleEndian)
      : (view, index) => view.getUint16(at(index), littleEndian);
  }
  if (bytes === 4) {
    return signed
      ? (view, index) => view.getInt32(at(index), littleEndian)
      : (view, index) => view.getUint32(at(index), littleEndian);
  }
  return signed
    ? (view, index) => Number(view.getBigInt64(at(index), littleEndian))
    : (view, index) => Number(view.getBigUint64(at(index), littleEndian));
}

/** The text of a row of letters (four bytes each) or bytes. */
export function textReader({ kind, bytes, littleEndian }: ArrayFile): (view: DataView) => string {
  if (kind === 'bytes') {
    return (view) => Buffer.from(view.buffer, view.byteOffset, bytes).toString('utf8').replace(/\0+$/, '');
  }
  return (view) => {
    let text = '';
    for (let at = 0; at < bytes; at += 4) {
      const code = view.getUint32(at, littleEndian);
      if (code === 0) break;
      text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
    }
    return text;
  };
}
