import type { Strength } from './look-calls.ts';
import type { SampleColumn } from './look-sample.ts';

/** Fewer rows with both values say nothing. */
const FEWEST = 10;

/** How much two columns have to do with each other, by the rows that have both values. */
export function strengthOf(a: SampleColumn, b: SampleColumn): Strength & { pearson: number | null } {
  if (a.type === 'category' && b.type === 'category') {
    return { measure: 'Cramér’s V', strength: cramersV(a.codes, b.codes), pearson: null };
  }
  if (a.type === 'category') return { measure: 'ratio', strength: ratio(a, b), pearson: null };
  if (b.type === 'category') return { measure: 'ratio', strength: ratio(b, a), pearson: null };
  const { x, y } = both(a.numbers, b.numbers);
  const pearson = correlation(x, y);
  const byRank = correlation(ranks(x), ranks(y));
  const strength = pearson === null ? null : Math.max(Math.abs(pearson), Math.abs(byRank ?? 0));
  return { measure: 'correlation', strength, pearson };
}

/** Whether a value is missing can say more than the value: a date of death, a reason of leaving. */
export function strengthOfMissing(column: SampleColumn, label: SampleColumn): number | null {
  if (column.missing === 0 || column.missing === column.codes.length) return null;
  const codes = column.codes.map((code) => (code < 0 ? 1 : 0));
  if (label.type === 'category') return cramersV(codes, label.codes);
  return correlationRatio(codes, label.numbers, 2);
}

function both(a: Float64Array, b: Float64Array): { x: Float64Array; y: Float64Array } {
  const x = new Float64Array(a.length);
  const y = new Float64Array(a.length);
  let count = 0;
  for (let row = 0; row < a.length; row++) {
    const one = a[row] as number;
    const other = b[row] as number;
    if (Number.isNaN(one) || Number.isNaN(other)) continue;
    x[count] = one;
    y[count] = other;
    count++;
  }
  return { x: x.subarray(0, count), y: y.subarray(0, count) };
}

/** From −1 to 1; null when one of them has one value only. */
export function correlation(x: Float64Array, y: Float64Array): number | null {
  const count = x.length;
  if (count < FEWEST) return null;
  const one = centred(x);
  const other = centred(y);
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let row = 0; row < count; row++) {
    const dx = one[row] as number;
    const dy = other[row] as number;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (xx === 0 || yy === 0) return null;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy)));
}

/** Distances from the mean, as parts of the largest: squares of very large numbers are no numbers any more. */
function centred(values: Float64Array): Float64Array {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return values;
  const parts = values.map((value) => value / largest);
  let sum = 0;
  for (const part of parts) sum += part;
  const mean = sum / parts.length;
  let spread = 0;
  for (let n = 0; n < parts.length; n++) {
    const distance = (parts[n] as number) - mean;
    parts[n] = distance;
    spread = Math.max(spread, Math.abs(distance));
  }
  // What is left of one value by rounding is nothing.
  return spread < 1e-14 ? parts.fill(0) : parts;
}

/** Ranks from 1; equal values share their mean rank. */
export function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, index) => index).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const ranked = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let n = from; n < to; n++) ranked[order[n] as number] = (from + 1 + to) / 2;
    from = to;
  }
  return ranked;
}

/** Of two categories, how well the numbers tell one from the other counts, too: a limit between them shows it best. */
function ratio(categories: SampleColumn, column: SampleColumn): number | null {
  const explained = correlationRatio(categories.codes, column.numbers, categories.values.length);
  if (explained === null || categories.values.length !== 2) return explained;
  return Math.max(explained, separation(categories.codes, column.numbers));
}

/** How far two classes lie apart, by ranks: 0 when they are mixed, 1 when every number of one is above the other's. */
function separation(codes: Int32Array, numbers: Float64Array): number {
  const rows = [...numbers.keys()].filter((row) => (codes[row] as number) >= 0 && !Number.isNaN(numbers[row]));
  const ranked = ranks(Float64Array.from(rows, (row) => numbers[row] as number));
  let first = 0;
  let sum = 0;
  for (const [n, row] of rows.entries()) {
    if (codes[row] !== 0) continue;
    first++;
    sum += ranked[n] as number;
  }
  const second = rows.length - first;
  // A handful lies apart from the rest by chance.
  if (first < FEWEST || second < FEWEST) return 0;
  const area = (sum - (first * (first + 1)) / 2) / (first * second);
  return Math.abs(2 * area - 1);
}

/** What categories explain of numbers, corrected for how many there are: a category for each row explains nothing. */
export function correlationRatio(codes: Int32Array, numbers: Float64Array, categories: number): number | null {
  const counts = new Float64Array(categories);
  const sums = new Float64Array(categories);
  const scaled = centredWhere(codes, numbers);
  let count = 0;
  let total = 0;
  let squares = 0;
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] as number;
    const value = scaled[row] as number;
    if (code < 0 || Number.isNaN(value)) continue;
    counts[code] = (counts[code] as number) + 1;
    sums[code] = (sums[code] as number) + value;
    count++;
    total += value;
    squares += value * value;
  }
  const spread = squares - (total * total) / Math.max(1, count);
  let between = 0;
  let used = 0;
  for (let code = 0; code < categories; code++) {
    if (counts[code] === 0) continue;
    used++;
    between += ((sums[code] as number) * (sums[code] as number)) / (counts[code] as number);
  }
  between -= (total * total) / Math.max(1, count);
  if (count < FEWEST || used < 2 || count - used < FEWEST || !(spread > 0)) return null;
  const unexplained = (Math.max(0, spread - between) / spread) * ((count - 1) / (count - used));
  return Math.sqrt(Math.max(0, Math.min(1, 1 - unexplained)));
}

function centredWhere(codes: Int32Array, numbers: Float64Array): Float64Array {
  const rows: number[] = [];
  for (let row = 0; row < numbers.length; row++) {
    if ((codes[row] as number) >= 0 && !Number.isNaN(numbers[row])) rows.push(row);
  }
  const values = centred(Float64Array.from(rows, (row) => numbers[row] as number));
  const placed = new Float64Array(numbers.length).fill(Number.NaN);
  for (const [n, row] of rows.entries()) placed[row] = values[n] as number;
  return placed;
}

/** After Bergsma, who takes off what many categories have in common by chance. */
export function cramersV(a: Int32Array, b: Int32Array): number | null {
  const as = new Map<number, number>();
  const bs = new Map<number, number>();
  const cells = new Map<number, number>();
  let count = 0;
  for (let row = 0; row < a.length; row++) {
    const one = a[row] as number;
    const other = b[row] as number;
    if (one < 0 || other < 0) continue;
    count++;
    as.set(one, (as.get(one) ?? 0) + 1);
    bs.set(other, (bs.get(other) ?? 0) + 1);
    const cell = one * 1_000_000 + other;
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  if (count < FEWEST || as.size < 2 || bs.size < 2) return null;
  let phi = -1;
  for (const [cell, seen] of cells) {
    const one = as.get(Math.floor(cell / 1_000_000)) as number;
    const other = bs.get(cell % 1_000_000) as number;
    phi += (seen / one) * (seen / other);
  }
  const freedom = ((as.size - 1) * (bs.size - 1)) / (count - 1);
  const corrected = (size: number) => size - (size - 1) ** 2 / (count - 1);
  const most = Math.min(corrected(as.size), corrected(bs.size)) - 1;
  if (most <= 0) return 0;
  return Math.sqrt(Math.max(0, Math.min(1, (phi - freedom) / most)));
}
