import { formatCount, formatScore } from './plain-words.ts';

/** Plots of a finished report as shapes in the units of their view box; nothing is computed in a template. */
export interface BarChart {
  width: number;
  height: number;
  spoken: string;
  bars: { x: number; y: number; width: number; height: number; name: string; value: string }[];
  axis: { x: number; y: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
}

export function histogramOf({ edges, counts }: { edges: number[]; counts: number[] }): BarChart {
  const width = 320;
  const height = 236;
  const plot = { left: 8, right: 312, top: 10, bottom: 206 };
  const most = Math.max(1, ...counts);
  const step = (plot.right - plot.left) / Math.max(1, counts.length);
  return {
    width,
    height,
    spoken: `Errors from ${formatScore(edges[0])} to ${formatScore(edges.at(-1))}; the most frequent bin holds ${formatCount(most)} rows.`,
    bars: counts.map((count, index) => ({
      x: round(plot.left + index * step + 1),
      y: round(plot.bottom - (count / most) * (plot.bottom - plot.top)),
      width: round(Math.max(1, step - 2)),
      height: round((count / most) * (plot.bottom - plot.top)),
      name: `${formatScore(edges[index])} to ${formatScore(edges[index + 1])}`,
      value: formatCount(count),
    })),
    axis: [
      { x: plot.left, y: 224, text: formatScore(edges[0]), anchor: 'start' },
      { x: (plot.left + plot.right) / 2, y: 224, text: 'actual − predicted', anchor: 'middle' },
      { x: plot.right, y: 224, text: formatScore(edges.at(-1)), anchor: 'end' },
    ],
  };
}

export interface ScatterChart {
  width: number;
  height: number;
  spoken: string;
  dots: { x: number; y: number }[];
  diagonal: { x1: number; y1: number; x2: number; y2: number };
  axis: BarChart['axis'];
}

/** More dots than this only make the picture darker and the page heavier. */
const shownDots = 1000;

export function scatterOf(points: [number, number][]): ScatterChart {
  const width = 320;
  const height = 236;
  const plot = { left: 8, right: 312, top: 24, bottom: 206 };
  const values = points.flat();
  const low = Math.min(...values, 0 === values.length ? 0 : Number.POSITIVE_INFINITY);
  const high = Math.max(...values, 0 === values.length ? 1 : Number.NEGATIVE_INFINITY);
  const range = high - low || 1;
  const x = (value: number) => round(plot.left + ((value - low) / range) * (plot.right - plot.left));
  const y = (value: number) => round(plot.bottom - ((value - low) / range) * (plot.bottom - plot.top));
  const every = Math.max(1, Math.ceil(points.length / shownDots));
  const shown = points.filter((_, index) => index % every === 0);
  return {
    width,
    height,
    spoken: `Predicted against actual for ${formatCount(shown.length)} held-out rows; on the dashed line both are equal.`,
    dots: shown.map(([predicted, actual]) => ({ x: x(predicted), y: y(actual) })),
    diagonal: { x1: x(low), y1: y(low), x2: x(high), y2: y(high) },
    axis: [
      { x: plot.left, y: 224, text: formatScore(low), anchor: 'start' },
      { x: (plot.left + plot.right) / 2, y: 224, text: 'predicted', anchor: 'middle' },
      { x: plot.right, y: 224, text: formatScore(high), anchor: 'end' },
      { x: plot.left, y: 14, text: `actual, up to ${formatScore(high)}`, anchor: 'start' },
    ],
  };
}

export interface CurveChart {
  title: string;
  spoken: string;
  width: number;
  height: number;
  path: string;
  diagonal: { x1: number; y1: number; x2: number; y2: number } | null;
  frame: { x: number; y: number; width: number; height: number };
  axis: BarChart['axis'];
}

export function curveChart(
  title: string,
  xTitle: string,
  yTitle: string,
  points: [number, number][] | null | undefined,
  diagonal: boolean,
): CurveChart | null {
  if (!points || points.length < 2) return null;
  const frame = { x: 28, y: 24, width: 300, height: 180 };
  const x = (value: number) => round(frame.x + value * frame.width);
  const y = (value: number) => round(frame.y + (1 - value) * frame.height);
  return {
    title,
    spoken: `${title}: ${yTitle} against ${xTitle}, ${formatCount(points.length)} points.`,
    width: 340,
    height: 228,
    path: points.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${x(px)} ${y(py)}`).join(''),
    diagonal: diagonal ? { x1: x(0), y1: y(0), x2: x(1), y2: y(1) } : null,
    frame,
    axis: [
      { x: frame.x, y: 220, text: '0', anchor: 'start' },
      { x: frame.x + frame.width / 2, y: 220, text: xTitle, anchor: 'middle' },
      { x: frame.x + frame.width, y: 220, text: '1', anchor: 'end' },
      { x: frame.x - 6, y: frame.y + frame.height, text: '0', anchor: 'end' },
      { x: frame.x - 6, y: frame.y + 10, text: '1', anchor: 'end' },
      { x: frame.x, y: 14, text: yTitle, anchor: 'start' },
    ],
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
