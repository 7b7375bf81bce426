import type { ColumnProfile, DatasetProfile } from './dataset.ts';
import type { EngineNeeds } from './engine.ts';
import { bytesPerGib, cheapestWith, type MachineSize } from './machine-sizes.ts';

/** How much there is to learn from, as an engine sees it. */
export interface DataSize {
  rows: number;
  columns: number;
  /** Numbers, once categories have a column for each value and texts are counted words. */
  cells: number;
  /** The table alone, held once in memory. */
  bytes: number;
  /** Of one image, where there are any. */
  pixels: number;
}

/** What a job will probably need; see docs/preflight.md for where the numbers come from. */
export interface Estimate {
  cells: number;
  dataBytes: number;
  memoryBytes: number;
  firstModelSeconds: number;
}

export type Fit = 'fits' | 'may not fit' | 'cannot fit';

/** As the engines have it: up to here every category gets a column of its own. */
const mostCategories = 40;
/** From here a text is read word by word and not taken for a category. */
const lengthOfText = 25;
const columnsOfText = 24;
const columnsOfDate = 4;
/** A text in memory is an object with a head, and a pointer to it. */
const bytesAroundText = 57;
/** Of an image of which nothing is known: what a recipe made, or a profile from before images were looked at. */
const unknownImage = { pixels: 784, bytes: 1000 };

export function sizeOfData(profile: DatasetProfile, leftOut: readonly string[] = []): DataSize {
  const columns = profile.columns.filter(({ name }) => !leftOut.includes(name));
  const sum = (of: (column: ColumnProfile) => number) => columns.reduce((total, column) => total + of(column), 0);
  return {
    rows: profile.rows,
    columns: columns.length,
    cells: profile.rows * sum(cellsOf),
    bytes: profile.rows * sum(bytesOf),
    pixels: sum((column) => (isImage(column) ? pixelsOf(column) : 0)),
  };
}

const isImage = ({ sqlType }: ColumnProfile) => sqlType === 'BLOB';

/** On average, by the sizes that are listed; how many colours there are is not in a profile. */
function pixelsOf({ images }: ColumnProfile): number {
  const sizes = images?.sizes ?? [];
  const count = sizes.reduce((total, size) => total + size.count, 0);
  if (count === 0) return unknownImage.pixels;
  return Math.round(sizes.reduce((total, size) => total + size.width * size.height * size.count, 0) / count);
}

function cellsOf(column: ColumnProfile): number {
  if (isImage(column)) return pixelsOf(column);
  if (column.type === 'date' || column.type === 'date and time') return columnsOfDate;
  if (column.type !== 'text') return 1;
  if (column.distinct <= mostCategories) return Math.max(1, column.distinct);
  // Half of its letters: counted words, and pairs of them, are kept sparsely.
  const length = meanLength(column);
  return length >= lengthOfText ? columnsOfText + length / 2 : 1;
}

function bytesOf(column: ColumnProfile): number {
  if (isImage(column)) return column.images?.bytes.mean ?? unknownImage.bytes;
  return column.type === 'text' ? bytesAroundText + meanLength(column) : 8;
}

/** Profiles that were made before lengths were counted know their most frequent values only. */
function meanLength({ textLength, top }: ColumnProfile): number {
  if (textLength) return textLength.mean;
  return top.reduce((total, { value }) => total + value.length, 0) / Math.max(1, top.length);
}

export function estimateNeeds(needs: EngineNeeds, { cells, bytes, pixels }: DataSize): Estimate {
  const held = cells * needs.bytesPerCell + pixels * needs.bytesPerPixel + bytes;
  return {
    cells: Math.round(cells),
    dataBytes: Math.round(bytes),
    memoryBytes: Math.round(needs.baseMegabytes * 1024 ** 2 + held),
    firstModelSeconds: needs.baseSeconds + (cells / 1e6) * needs.secondsPerMillionCells,
  };
}

/** Only data that is by itself larger than the machine is refused: everything else is an estimate, and may be wrong. */
export function fitOf({ dataBytes, memoryBytes }: Estimate, { memoryGib }: MachineSize): Fit {
  const there = memoryGib * bytesPerGib;
  if (dataBytes > there) return 'cannot fit';
  return memoryBytes > there ? 'may not fit' : 'fits';
}

/** The cheapest of the same cloud that the estimate fits into. */
export function suggestedFor<T extends MachineSize>(
  estimate: Estimate,
  machine: MachineSize,
  types: readonly T[],
): T | undefined {
  return fitOf(estimate, machine) === 'fits'
    ? undefined
    : cheapestWith(types, machine, estimate.memoryBytes / bytesPerGib);
}
