import type { Axis, Box, Relation, RelationInput } from './look-calls.ts';
import { type SampleColumn, takeSample } from './look-sample.ts';
import { strengthOf } from './look-strength.ts';
import type { Session } from './session.ts';

const MOST_POINTS = 2000;
const MOST_CATEGORIES = 12;
const OTHERS = 'others';

/** Two columns against each other, ready to be drawn: a cloud of points, boxes, or a mosaic. */
export async function relation(session: Session, { parquet, x, y }: RelationInput): Promise<Relation> {
  const sample = await takeSample(session, parquet, [x, y]);
  const [one, other] = sample.columns as [SampleColumn, SampleColumn];
  const { measure, strength, pearson } = strengthOf(one, other);
  const rows: number[] = [];
  for (let row = 0; row < sample.looked; row++) {
    if ((one.codes[row] as number) >= 0 && (other.codes[row] as number) >= 0) rows.push(row);
  }
  const base = {
    rows: sample.rows,
    looked: sample.looked,
    measure,
    strength,
    missing: sample.looked - rows.length,
    x: axisOf(one),
    y: axisOf(other),
  };
  if (one.type === 'category' && other.type === 'category')
    return { ...base, kind: 'mosaic', ...mosaicOf(rows, one, other) };
  if (one.type === 'category') return { ...base, kind: 'boxes', numbers: 'y', boxes: boxesOf(rows, one, other) };
  if (other.type === 'category') return { ...base, kind: 'boxes', numbers: 'x', boxes: boxesOf(rows, other, one) };
  const step = Math.max(1, rows.length / MOST_POINTS);
  const points = Array.from({ length: Math.min(rows.length, MOST_POINTS) }, (_, n): [number, number] => {
    const row = rows[Math.floor(n * step)] as number;
    return [one.numbers[row] as number, other.numbers[row] as number];
  });
  return { ...base, kind: 'points', points, pearson };
}

function axisOf({ name, type }: SampleColumn): Axis {
  return { name, type };
}

function boxesOf(rows: readonly number[], categories: SampleColumn, column: SampleColumn): Box[] {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const code = categories.codes[row] as number;
    const group = groups.get(code) ?? [];
    group.push(column.numbers[row] as number);
    groups.set(code, group);
  }
  const boxes = [...groups].map(([code, numbers]) => boxOf(categories.values[code] as string, numbers));
  return asShown(boxes.toSorted(mostFrequentFirst).slice(0, MOST_CATEGORIES));
}

/** Numbers that stand for groups in their own order; any other names as often as they are there. */
function asShown<Group extends { value: string }>(groups: Group[]): Group[] {
  const areNumbers = groups.every(({ value }) => value.trim() !== '' && Number.isFinite(Number(value)));
  return areNumbers ? groups.toSorted((a, b) => Number(a.value) - Number(b.value)) : groups;
}

function mostFrequentFirst(a: { value: string; count: number }, b: { value: string; count: number }): number {
  return b.count - a.count || (a.value < b.value ? -1 : 1);
}

function boxOf(value: string, numbers: readonly number[]): Box {
  const sorted = Float64Array.from(numbers).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return {
    value,
    count: sorted.length,
    low: at(0.05),
    quarter: at(0.25),
    median: at(0.5),
    threeQuarters: at(0.75),
    high: at(0.95),
  };
}

function mosaicOf(rows: readonly number[], one: SampleColumn, other: SampleColumn) {
  const xs = placesOf(rows, one);
  const ys = placesOf(rows, other);
  const counts = xs.values.map(() => ys.values.map(() => 0));
  for (const row of rows) {
    const line = counts[xs.places[one.codes[row] as number] as number] as number[];
    const place = ys.places[other.codes[row] as number] as number;
    line[place] = (line[place] as number) + 1;
  }
  return { xValues: xs.values, yValues: ys.values, counts };
}

/** The most frequent categories, and one place for all others. */
function placesOf(rows: readonly number[], column: SampleColumn): { values: string[]; places: number[] } {
  const counts = column.values.map((value, code) => ({ value, code, count: 0 }));
  for (const row of rows) (counts[column.codes[row] as number] as { count: number }).count++;
  const seen = counts.filter(({ count }) => count > 0).toSorted(mostFrequentFirst);
  const shown = asShown(seen.slice(0, MOST_CATEGORIES));
  const places = column.values.map(() => shown.length);
  for (const [place, { code }] of shown.entries()) places[code] = place;
  const values = shown.map(({ value }) => value);
  return { values: seen.length > shown.length ? [...values, OTHERS] : values, places };
}
