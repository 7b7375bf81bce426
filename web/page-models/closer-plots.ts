import { formatScore } from './plain-words.ts';
import type { Report } from './report.ts';
import type { BarChart } from './report-plots.ts';

/** Lines, points and spans in the units of a view box; the series are told apart by their dashes, too. */
export interface Drawing {
  title: string;
  spoken: string;
  width: number;
  height: number;
  dash: string | null;
  bands: string[];
  lines: { kind: string; path: string; dashes: string; name: string }[];
  spans: string[];
  points: { x: number; y: number; r: number; name: string }[];
  axis: BarChart['axis'];
}

const plot = { left: 48, right: 328, top: 24, bottom: 200 };
const size = { width: 340, height: 232 };
const dashes = ['', '7 3', '2 3', '10 3 2 3', '4 6'];

const round = (value: number) => Math.round(value * 10) / 10;

function scales(xs: readonly number[], ys: readonly number[]) {
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const middle = high === low;
  return {
    x: (value: number) => round(plot.left + ((value - left) / (right - left || 1)) * (plot.right - plot.left)),
    y: (value: number) =>
      middle
        ? (plot.top + plot.bottom) / 2
        : round(plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top)),
    low,
    high,
  };
}

function axisOf(from: string, to: string, low: string, high: string, xTitle: string, yTitle: string): Drawing['axis'] {
  return [
    { x: plot.left, y: 216, text: from, anchor: 'start' },
    { x: (plot.left + plot.right) / 2, y: 228, text: xTitle, anchor: 'middle' },
    { x: plot.right, y: 216, text: to, anchor: 'end' },
    ...(low === high ? [] : [{ x: plot.left - 6, y: plot.bottom, text: low, anchor: 'end' as const }]),
    { x: plot.left - 6, y: low === high ? (plot.top + plot.bottom) / 2 : plot.top + 8, text: high, anchor: 'end' },
    { x: 4, y: 12, text: yTitle, anchor: 'start' },
  ];
}

export function calibrationDrawing(bins: NonNullable<Report['calibration']>['bins']): Drawing {
  const { x, y } = scales([0, 1], [0, 1]);
  const most = Math.max(...bins.map(({ count }) => count));
  return {
    ...size,
    title: 'Said and so it was',
    spoken: bins.map((bin) => `said ${formatScore(bin.mean)}, so it was ${formatScore(bin.share)}`).join('; '),
    dash: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}`,
    bands: [],
    lines: [],
    spans: bins.map((bin) => `M${x(bin.mean)} ${y(bin.low)}V${y(bin.high)}`),
    points: bins.map((bin) => ({
      x: x(bin.mean),
      y: y(bin.share),
      r: round(2.5 + 4 * Math.sqrt(bin.count / most)),
      name: `${bin.count} rows`,
    })),
    axis: axisOf('0', '1', '0', '1', 'said', 'so it was'),
  };
}

export function errorsDrawing(groups: NonNullable<NonNullable<Report['residuals']>['byPredicted']>): Drawing {
  const { x, y, low, high } = scales(
    groups.flatMap(({ from, to }) => [from, to]),
    [0, ...groups.flatMap((group) => [group.low, group.high])],
  );
  const [from, to] = [groups[0]?.from, groups.at(-1)?.to];
  return {
    ...size,
    title: 'Errors by what was predicted',
    spoken: groups
      .map((group) => `from ${formatScore(group.from)}: in the middle ${formatScore(group.median)}`)
      .join('; '),
    dash: `M${plot.left} ${y(0)}H${plot.right}`,
    bands: [],
    lines: [],
    spans: groups.map((group) => `M${x((group.from + group.to) / 2)} ${y(group.low)}V${y(group.high)}`),
    points: groups.map((group) => ({
      x: x((group.from + group.to) / 2),
      y: y(group.median),
      r: 4,
      name: `${group.rows} rows`,
    })),
    axis: axisOf(
      formatScore(from),
      formatScore(to),
      formatScore(low),
      formatScore(high),
      'predicted',
      'actual − predicted',
    ),
  };
}

/** None where the values are no numbers and no dates after all. */
export function dependenceDrawing(one: NonNullable<Report['dependence']>[number]): Drawing | null {
  const at = one.values.map((value) => (typeof value === 'number' ? value : Date.parse(String(value))));
  if (at.length < 2 || !at.every(Number.isFinite)) return null;
  const { x, y, low, high } = scales(
    at,
    one.series.flatMap((line) => [...line.low, ...line.high]),
  );
  const said = (value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? formatScore(value) : String(value);
  const of = one.series[0]?.name === null ? 'prediction' : 'probability';
  const to = (values: number[]) => values.map((value, index) => `${x(at[index] ?? 0)} ${y(value)}`);
  return {
    ...size,
    title: `Average prediction by ${one.column}`,
    spoken: one.series
      .map(({ name, mean }) => `${name ?? 'prediction'} from ${formatScore(mean[0])} to ${formatScore(mean.at(-1))}`)
      .join('; '),
    dash: null,
    bands: one.series.map((line) => `M${[...to(line.high), ...to(line.low).toReversed()].join('L')}Z`),
    lines: one.series.map((line, index) => lineOf(index, to(line.mean), line.name ?? '')),
    spans: [],
    points: [],
    axis: axisOf(said(one.values[0]), said(one.values.at(-1)), formatScore(low), formatScore(high), '', of),
  };
}

/** Losses and shares have scales of their own: one drawing for each kind of figure. */
export function learningDrawings({ at, unit, series }: NonNullable<Report['learning']>): Drawing[] {
  const kinds = Map.groupBy(
    series.filter(({ values }) => values.some((value) => value !== null)),
    ({ name }) => name.split('_').at(-1) ?? name,
  );
  return [...kinds].map(([kind, lines]) => {
    const known = lines.flatMap(({ values }) => values).filter((value) => value !== null);
    const { x, y, low, high } = scales(at, known);
    return {
      ...size,
      title: `${kind} by ${unit}`,
      spoken: lines.map(({ name, values }) => `${name} ends at ${formatScore(values.at(-1))}`).join('; '),
      dash: null,
      bands: [],
      lines: lines.map(({ name, values }, index) =>
        lineOf(
          index,
          values.flatMap((value, place) => (value === null ? [] : [`${x(at[place] ?? 0)} ${y(value)}`])),
          name,
        ),
      ),
      spans: [],
      points: [],
      axis: axisOf(String(at[0]), String(at.at(-1)), inBrief(low), inBrief(high), unit, kind),
    };
  });
}

/** As wide as the room beside an axis, however small a loss has become. */
function inBrief(value: number): string {
  const whole = formatScore(value);
  return whole.length <= 7 ? whole : value.toPrecision(2).length <= 7 ? value.toPrecision(2) : value.toExponential(0);
}

function lineOf(index: number, points: string[], name: string): Drawing['lines'][number] {
  return {
    kind: `s${(index % 3) + 1}`,
    path: `M${points.join('L')}`,
    dashes: dashes[index % dashes.length] ?? '',
    name,
  };
}
