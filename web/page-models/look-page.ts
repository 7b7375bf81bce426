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

const frame = { width: 640, height: 332, left: 56, right: 628, top: 24, bottom: 288 };

function pictureOf(relation: Relation): Picture {
  const { x, y, strength, measure, missing } = relation;
  const empty = { dots: [], boxes: [], tiles: [], texts: [] };
  const told =
    strength === null
      ? 'Nothing can be told of them.'
      : `How much they have to do with each other: ${strength.toFixed(2)} of 1 (${measure}).`;
  const base = {
    title: `${x.name} and ${y.name}`,
    note: `${kindWords(relation)} ${told} ${missing > 0 ? `${formatMany(missing, 'row')} without the one or the other left out.` : ''}`,
    width: frame.width,
    height: frame.height,
    spoken: told,
    ...empty,
  };
  const { group, number } = relation.kind === 'boxes' ? axesOf(relation) : { group: x.name, number: y.name };
  const drawn =
    relation.kind === 'points'
      ? points(relation)
      : relation.kind === 'boxes'
        ? boxes(relation.boxes)
        : mosaic(relation);
  return { ...base, ...drawn, texts: drawn.texts.length === 0 ? [] : [...drawn.texts, ...axisNames(group, number)] };
}

/** What is to be seen, for who has never seen such a picture. */
function kindWords(relation: Relation): string {
  const { x, y } = relation;
  if (relation.kind === 'points') return 'Each dot is a row.';
  if (relation.kind === 'mosaic')
    return `Each pillar is a “${x.name}”, as wide as it has rows; its parts are the shares of each “${y.name}”.`;
  const { group, number } = axesOf(relation);
  return `For each “${group}”, half of the rows have a “${number}” inside the box; the line across it is the middle one.`;
}

/** Groups stand side by side, whichever of the two columns has them. */
function axesOf({ numbers, x, y }: Extract<Relation, { kind: 'boxes' }>): { group: string; number: string } {
  return numbers === 'y' ? { group: x.name, number: y.name } : { group: y.name, number: x.name };
}

function axisNames(across: string, up: string): Picture['texts'] {
  return [
    { x: (frame.left + frame.right) / 2, y: frame.bottom + 36, anchor: 'middle', text: shorten(across, 60) },
    { x: 4, y: frame.top - 2, anchor: 'start', text: shorten(up, 60) },
  ];
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
