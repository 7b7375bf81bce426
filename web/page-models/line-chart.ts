import { formatScore } from './plain-words.ts';

/** A chart that needs no script: everything in the units of its view box. */
export interface LineChart {
  title: string;
  caption: string;
  /** What a reader hears instead of the picture. */
  spoken: string;
  width: number;
  height: number;
  path: string;
  end: { x: number; y: number } | null;
  rules: { y: number; text: string }[];
  ticks: { x: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
  marks: { x: number; xValue: number; text: string; anchor: 'start' | 'end' }[];
  /** The same as a table: also what the live chart starts from. */
  table: { x: string; y: string; xValue: number; yValue: number }[];
  xTitle: string;
  yTitle: string;
  stepped: boolean;
}

export interface ChartInput {
  title: string;
  caption: string;
  xTitle: string;
  yTitle: string;
  points: readonly (readonly [number, number])[];
  marks?: readonly { x: number; text: string }[];
  stepped?: boolean;
  /** How a value of x reads: "8 min". */
  xWord?: (x: number) => string;
}

const width = 640;
const height = 170;
const plot = { left: 48, right: 630, top: 16, bottom: 136 };

export function lineChart(input: ChartInput): LineChart | null {
  const { points, marks = [], stepped = false, xWord = (x) => shortNumber(x) } = input;
  if (points.length === 0) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const xRange = spread(Math.min(...xs, ...marks.map((mark) => mark.x)), Math.max(...xs), stepped ? 0 : null);
  const levels = niceLevels(Math.min(...ys), Math.max(...ys));
  const yRange = { from: levels[0] as number, to: levels.at(-1) as number };
  const x = (value: number) =>
    round(plot.left + ((value - xRange.from) / (xRange.to - xRange.from)) * (plot.right - plot.left));
  const y = (value: number) =>
    round(plot.bottom - ((value - yRange.from) / (yRange.to - yRange.from)) * (plot.bottom - plot.top));
  const last = points.at(-1) as readonly [number, number];
  const first = points[0] as readonly [number, number];
  return {
    title: input.title,
    caption: input.caption,
    spoken: `${input.yTitle} goes from ${formatScore(first[1])} to ${formatScore(last[1])} over ${xWord(last[0])}${marks
      .map((mark) => `; ${mark.text} at ${xWord(mark.x)}`)
      .join('')}.`,
    width,
    height,
    path: points
      .map(([px, py], index) => {
        if (index === 0) return `M${x(px)} ${y(py)}`;
        return stepped ? `H${x(px)}V${y(py)}` : `L${x(px)} ${y(py)}`;
      })
      .join(''),
    end: { x: x(last[0]), y: y(last[1]) },
    rules: levels.map((level) => ({ y: y(level), text: shortNumber(level) })),
    ticks: [0, 1 / 3, 2 / 3, 1].map((part, index) => ({
      x: round(plot.left + part * (plot.right - plot.left)),
      text: xWord(xRange.from + part * (xRange.to - xRange.from)),
      anchor: index === 0 ? 'start' : index === 3 ? 'end' : 'middle',
    })),
    marks: marks.map((mark) => ({
      x: x(mark.x),
      xValue: mark.x,
      text: mark.text,
      anchor: x(mark.x) > width * 0.7 ? 'end' : 'start',
    })),
    table: points.map(([px, py]) => ({ x: xWord(px), y: formatScore(py), xValue: px, yValue: py })),
    xTitle: input.xTitle,
    yTitle: input.yTitle,
    stepped,
  };
}

function spread(low: number, high: number, from: number | null): { from: number; to: number } {
  const start = from ?? low;
  return high > start ? { from: start, to: high } : { from: start, to: start + 1 };
}

/** Three to five round numbers that hold all values. */
function niceLevels(low: number, high: number): number[] {
  const range = high - low || Math.abs(high) * 0.1 || 1;
  const rough = range / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) as number;
  const levels: number[] = [];
  for (let level = Math.floor(low / step) * step; level < high + step * 0.999; level += step) {
    levels.push(Number(level.toPrecision(12)));
  }
  return levels.length > 1 ? levels : [levels[0] as number, (levels[0] as number) + step];
}

function shortNumber(value: number): string {
  if (Number.isInteger(value)) return new Intl.NumberFormat('en-US', { notation: 'compact' }).format(value);
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
