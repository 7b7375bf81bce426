import { badData } from '../bad-data.ts';
import { showValue } from '../show-value.ts';
import { type ArrayFile, numberReader, rowsOf } from './array-file.ts';
import { BrokenFile, MOST_PIXELS } from './measure-image.ts';

export interface ImageShape {
  width: number;
  height: number;
  channels: 1 | 3;
  /** Colours one after another as whole images, not pixel by pixel. */
  planes: boolean;
}

/** Images × rows × columns, with colours last or first, or images × pixels of a square. */
export function imageShape(array: ArrayFile): ImageShape {
  if (array.kind === 'letters' || array.kind === 'bytes') {
    throw badData(
      `${showValue(array.name)} holds texts, which are no images.`,
      'Save images as an array of numbers, and texts under a name for labels.',
    );
  }
  const [, one = 0, two = 0, three] = array.shape;
  const found = shapeOf(array.shape.length, one, two, three ?? 0);
  const told = `(${array.shape.join(', ')})`;
  if (!found || found.width === 0 || found.height === 0) {
    throw badData(
      `${showValue(array.name)} has the shape ${told}, which is none of images.`,
      'Images are (count, height, width), with 1 or 3 colours as (count, height, width, colours), or (count, pixels) of a square.',
    );
  }
  if (found.width * found.height > MOST_PIXELS) {
    throw badData(
      `${showValue(array.name)} has the shape ${told}: more than the ${MOST_PIXELS / 1_000_000} million pixels allowed in an image.`,
      'Make the images smaller.',
    );
  }
  return found;
}

function shapeOf(dimensions: number, one: number, two: number, three: number): ImageShape | undefined {
  const isColours = (length: number): length is 1 | 3 => length === 1 || length === 3;
  if (dimensions === 2) {
    const side = Math.sqrt(one);
    return Number.isInteger(side) ? { width: side, height: side, channels: 1, planes: false } : undefined;
  }
  if (dimensions === 3) return { height: one, width: two, channels: 1, planes: false };
  if (dimensions !== 4) return undefined;
  if (isColours(three)) return { height: one, width: two, channels: three, planes: false };
  if (isColours(one)) return { height: two, width: three, channels: one, planes: true };
  return undefined;
}

/** How numbers become shades, from 0 to 255. */
export interface Shades {
  from: number;
  /** Of one in the array. */
  factor: number;
  /** Undefined where the numbers are shades already. */
  remark?: string;
}

/**
 * By what all arrays of an upload hold. Few fixed ways, so that images to predict are read as those to learn from were;
 * only numbers that fit none of them are stretched.
 */
export async function findShades(arrays: readonly ArrayFile[], signal: AbortSignal): Promise<Shades> {
  if (arrays.every(({ kind, bytes }) => kind === 'unsigned' && bytes === 1)) return { from: 0, factor: 1 };
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const array of arrays) {
    const read = numberReader(array);
    const count = array.shape.slice(1).reduce((product, length) => product * length, 1);
    for await (const row of rowsOf(array, signal)) {
      for (let n = 0; n < count; n++) {
        const value = read(row, n);
        if (!Number.isFinite(value)) continue;
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
  }
  return shadesOf(least, most);
}

const ranges = [1, 16, 255, 65_535];

function shadesOf(least: number, most: number): Shades {
  const told = (from: number, to: number) => `Numbers from ${from} to ${to} became shades from black to white.`;
  const range = least >= 0 ? ranges.find((end) => most <= end) : undefined;
  if (range === 255) return { from: 0, factor: 1 };
  if (range !== undefined) return { from: 0, factor: 255 / range, remark: told(0, range) };
  if (least >= -1 && most <= 1) return { from: -1, factor: 255 / 2, remark: told(-1, 1) };
  const width = most - least || 1;
  const stretched = `${told(least, most)} Images to predict must have the same range, or they are read in another way.`;
  return { from: least, factor: 255 / width, remark: stretched };
}

/** The pixels of one row of the array, as a PNG wants them. */
export function pixelsOf(
  read: (view: DataView, index: number) => number,
  row: DataView,
  { width, height, channels, planes }: ImageShape,
  { from, factor }: Shades,
): Uint8Array {
  const area = width * height;
  const pixels = new Uint8Array(area * channels);
  for (let n = 0; n < pixels.length; n++) {
    const value = read(row, planes ? (n % channels) * area + Math.floor(n / channels) : n);
    if (!Number.isFinite(value))
      throw new BrokenFile('it has values that are no numbers', 'Fill them, or take it out.');
    pixels[n] = Math.max(0, Math.min(255, Math.round((value - from) * factor)));
  }
  return pixels;
}
