import type { AgainstLabel, Box, LookedCloser, Pair, Relation, Strength } from '../../data/look-calls.ts';
import { formatCount, formatMany, formatScore, shorten } from './plain-words.ts';

/** What in a dataset goes together: pairs, each column against the label, two columns as a picture. */
export interface LookPage {
  dataset: { href: string; name: string };
  href: string;
  columns: { name: string; isX: boolean; isY: boolean; isLabel: boolean }[];
  label: string;
  pairs: StrengthRow[];
  against: (StrengthRow & { hint: string | null })[];
  picture: Picture | null;
  notices: { column: string; message: string }[];
  remarks: string[];
  looked: string;
  problem: string | null;
}

export interface StrengthRow {
  name: string;
  href: string;
  /** Of 100. */
  width: number;
  value: string;
  measure: string;
}

export interface Picture {
  title: string;
  note: string;
  width: number;
  height: number;
  spoken: string;
  dots: { x: number; y: number }[];
  boxes: {
    low: number;
    quarter: number;
    median: number;
    threeQuarters: number;
    high: number;
    x: number;
    width: number;
    title: string;
  }[];
  tiles: { x: number; y: number; width: number; height: number; tone: number; title: string }[];
  texts: { x: number; y: number; anchor: 'start' | 'middle' | 'end'; text: string }[];
}

const strongest = 20;

export function lookPage(input: {
  dataset: { id: string; name: string };
  columns: readonly string[];
  x: string;
  y: string;
  label: string;
  closer: LookedCloser | null;
  against: AgainstLabel | null;
  relation: Relation | null;
  problem: string | null;
}): LookPage {
  const href = `/data/${input.dataset.id}/look`;
  const { closer, against, relation, label } = input;
  const to = (x: string, y: string) => `${href}?${new URLSearchParams({ x, y, label }).toString()}#picture`;
  return {
    dataset: { href: `/data/${input.dataset.id}`, name: input.dataset.name },
    href,
    columns: input.columns.map((name) => ({
      name,
      isX: name === input.x,
      isY: name === input.y,
      isLabel: name === label,
    })),
    label,
    pairs: [...(closer?.pairs ?? [])]
      .filter(({ strength }) => strength !== null && strength >= 0.05)
      .toSorted((one, other) => (other.strength ?? 0) - (one.strength ?? 0))
      .slice(0, strongest)
      .map((pair) => ({ ...row(`${pair.a} and ${pair.b}`, pair, to(pair.a, pair.b)), value: signed(pair) })),
    against: (against?.columns ?? []).map((each) => ({
      ...row(each.column, each, to(each.column, label)),
      hint: each.hint,
    })),
    picture: relation && pictureOf(relation),
    notices: closer?.notices.map(({ column, message }) => ({ column, message })) ?? [],
    remarks: [...new Set([...(closer?.remarks ?? []), ...(against?.remarks ?? [])])],
    looked:
      closer && closer.looked < closer.rows
        ? `by a sample of ${formatCount(closer.looked)} of ${formatMany(closer.rows, 'row')}`
        : 'by all rows',
    problem: input.problem,
  };
}

function row(name: string, { strength, measure }: Strength, href: string): StrengthRow {
  return {
    name,
    href,
    width: Math.round((strength ?? 0) * 100),
    value: strength === null ? '–' : strength.toFixed(2),
    measure,
  };
}

function signed({ pearson, strength }: Pair): string {
  return pearson !== null && pearson < 0 ? `−${(strength ?? 0).toFixed(2)}` : (strength ?? 0).toFixed(2);
}

const frame = { width: 640, height: 320, left: 56, right: 628, top: 12, bottom: 276 };

function pictureOf(relation: Relation): Picture {
  const { x, y, strength, measure, missing } = relation;
  const empty = { dots: [], boxes: [], tiles: [], texts: [] };
  const told = strength === null ? 'Nothing can be told of them.' : `${measure}: ${strength.toFixed(2)} of 1.`;
  const base = {
    title: `${x.name} and ${y.name}`,
    note: `${told} ${missing > 0 ? `${formatMany(missing, 'row')} without the one or the other left out.` : ''}`,
    width: frame.width,
    height: frame.height,
    spoken: told,
    ...empty,
  };
  if (relation.kind === 'points') return { ...base, ...points(relation) };
  if (relation.kind === 'boxes') return { ...base, ...boxes(relation.boxes) };
  return { ...base, ...mosaic(relation) };
}

function scale(values: readonly number[], from: number, to: number) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const range = high - low || 1;
  return { low, high, at: (value: number) => round(from + ((value - low) / range) * (to - from)) };
}

function points({ points: all, x, y }: Extract<Relation, { kind: 'points' }>): Pick<Picture, 'dots' | 'texts'> {
  if (all.length === 0) return { dots: [], texts: [] };
  const across = scale(
    all.map(([value]) => value),
    frame.left + 6,
    frame.right - 6,
  );
  const up = scale(
    all.map(([, value]) => value),
    frame.bottom - 6,
    frame.top + 6,
  );
  const words = (value: number, type: string) =>
    type === 'date' ? new Date(value).toISOString().slice(0, 10) : formatScore(value);
  return {
    dots: all.map(([left, high]) => ({ x: across.at(left), y: up.at(high) })),
    texts: [
      { x: frame.left, y: frame.bottom + 18, anchor: 'start', text: words(across.low, x.type) },
      { x: (frame.left + frame.right) / 2, y: frame.bottom + 36, anchor: 'middle', text: x.name },
      { x: frame.right, y: frame.bottom + 18, anchor: 'end', text: words(across.high, x.type) },
      { x: frame.left - 6, y: frame.bottom, anchor: 'end', text: words(up.low, y.type) },
      { x: frame.left - 6, y: frame.top + 10, anchor: 'end', text: words(up.high, y.type) },
    ],
  };
}

function boxes(all: readonly Box[]): Pick<Picture, 'boxes' | 'texts'> {
  if (all.length === 0) return { boxes: [], texts: [] };
  const up = scale(
    all.flatMap(({ low, high }) => [low, high]),
    frame.bottom - 6,
    frame.top + 6,
  );
  const step = (frame.right - frame.left) / all.length;
  return {
    boxes: all.map((box, n) => ({
      low: up.at(box.low),
      quarter: up.at(box.quarter),
      median: up.at(box.median),
      threeQuarters: up.at(box.threeQuarters),
      high: up.at(box.high),
      x: round(frame.left + n * step + step / 2),
      width: round(Math.min(48, step * 0.6)),
      title: `${box.value}: median ${formatScore(box.median)}, ${formatMany(box.count, 'row')}`,
    })),
    texts: [
      ...all.map((box, n) => ({
        x: round(frame.left + n * step + step / 2),
        y: frame.bottom + 18,
        anchor: 'middle' as const,
        text: shorten(box.value, Math.max(3, Math.floor(step / 7))),
      })),
      { x: frame.left - 6, y: frame.bottom, anchor: 'end', text: short(up.low) },
      { x: frame.left - 6, y: frame.top + 10, anchor: 'end', text: short(up.high) },
    ],
  };
}

function mosaic({ xValues, yValues, counts }: Extract<Relation, { kind: 'mosaic' }>): Pick<Picture, 'tiles' | 'texts'> {
  const sums = counts.map((column) => column.reduce((sum, count) => sum + count, 0));
  const total = sums.reduce((sum, count) => sum + count, 0) || 1;
  const tiles: Picture['tiles'] = [];
  const texts: Picture['texts'] = [];
  let left = frame.left;
  for (const [n, column] of counts.entries()) {
    const width = ((sums[n] ?? 0) / total) * (frame.right - frame.left);
    let top = frame.top;
    for (const [m, count] of column.entries()) {
      const height = (count / (sums[n] || 1)) * (frame.bottom - frame.top);
      const title = `${xValues[n]}, ${yValues[m]}: ${formatMany(count, 'row')}`;
      tiles.push({
        x: round(left),
        y: round(top),
        width: round(Math.max(0, width - 2)),
        height: round(Math.max(0, height - 1)),
        tone: m % 5,
        title,
      });
      if (n === 0 && height > 12)
        texts.push({
          x: frame.left - 6,
          y: round(top + height / 2 + 4),
          anchor: 'end',
          text: shorten(yValues[m] ?? '', 8),
        });
      top += height;
    }
    if (width > 24)
      texts.push({
        x: round(left + width / 2),
        y: frame.bottom + 18,
        anchor: 'middle',
        text: shorten(xValues[n] ?? '', Math.max(3, Math.floor(width / 7))),
      });
    left += width;
  }
  return { tiles, texts };
}

/** An end of an axis: as short as it can be said. */
const short = (value: number) =>
  formatScore(value)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
const round = (value: number) => Math.round(value * 10) / 10;
