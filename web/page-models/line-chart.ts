import { flatRange, levelsAround, levelsWithin, levelWords } from './chart-levels.ts';
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
  /** How a value of x reads: "8 min"; it is given what is exact enough there. */
  xWord?: (x: string) => string;
}

const width = 640;
const height = 170;
const plot = { left: 48, right: 630, top: 16, bottom: 136 };

export function lineChart(input: ChartInput): LineChart | null {
  const { points, marks = [], stepped = false, xWord = (x) => x } = input;
  if (points.length === 0) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const xRange = spread(
    Math.min(...xs, ...marks.map((mark) => mark.x)),
    Math.max(...xs, ...marks.map((mark) => mark.x)),
    stepped ? 0 : null,
  );
  const xLevels = levelsWithin(xRange.from, xRange.to, { whole: xs.every(Number.isInteger) });
  const low = Math.min(...ys);
  const isFlat = low === Math.max(...ys);
  // A line that never moved has one height, and it is that of the line.
  const levels = isFlat ? [low] : levelsAround(low, Math.max(...ys));
  const yRange = isFlat ? flatRange(low) : { from: levels[0] as number, to: levels.at(-1) as number };
  const yWords = isFlat ? [formatScore(low)] : levelWords(levels);
  const at = (value: number) => xWord(shortNumber(value));
  const x = (value: number) =>
    round(plot.left + ((value - xRange.from) / (xRange.to - xRange.from)) * (plot.right - plot.left));
  const y = (value: number) =>
    round(plot.bottom - ((value - yRange.from) / (yRange.to - yRange.from)) * (plot.bottom - plot.top));
  const last = points.at(-1) as readonly [number, number];
  const first = points[0] as readonly [number, number];
  return {
    title: input.title,
    caption: input.caption,
    spoken: `${input.yTitle} goes from ${formatScore(first[1])} to ${formatScore(last[1])} over ${at(last[0])}${marks
      .map((mark) => `; ${mark.text} at ${at(mark.x)}`)
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
    rules: levels.map((level, index) => ({ y: y(level), text: yWords[index] as string })),
    ticks: levelWords(xLevels).map((text, index) => {
      const across = x(xLevels[index] as number);
      return { x: across, text: xWord(text), anchor: anchorAt(across) };
    }),
    marks: marks.map((mark) => ({
      x: x(mark.x),
      xValue: mark.x,
      text: mark.text,
      anchor: x(mark.x) > width * 0.7 ? 'end' : 'start',
    })),
    table: points.map(([px, py]) => ({ x: at(px), y: formatScore(py), xValue: px, yValue: py })),
    xTitle: input.xTitle,
    yTitle: input.yTitle,
    stepped,
  };
}

function spread(low: number, high: number, from: number | null): { from: number; to: number } {
  const start = from ?? low;
  return high > start ? { from: start, to: high } : { from: start, to: start + 1 };
}

/** Words at the edges stay inside the picture. */
function anchorAt(x: number): 'start' | 'middle' | 'end' {
  if (x < plot.left + 20) return 'start';
  return x > plot.right - 20 ? 'end' : 'middle';
}

function shortNumber(value: number): string {
  if (Number.isInteger(value)) return new Intl.NumberFormat('en-US', { notation: 'compact' }).format(value);
  return String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
