import type { SettingValue } from '../../../domain/sweep.ts';
import { settingWords } from '../../../domain/sweep-words.ts';
import { formatScore } from '../plain-words.ts';

/** Scores against the values of one setting, as shapes in the units of the view box. */
export interface SweepPlot {
  setting: string;
  spoken: string;
  width: number;
  height: number;
  dots: { x: number; y: number; isBest: boolean; text: string }[];
  axis: { x: number; y: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
}

export interface PlottedTrial {
  number: number;
  value: SettingValue;
  score: number;
  isBest: boolean;
}

const width = 320;
const height = 200;
const plot = { left: 14, right: 306, top: 26, bottom: 164 };
/** From here on small values would all lie on one another. */
const wideRange = 50;
const mostNamesBelow = 6;

/** Null where there is nothing to compare yet. */
export function sweepPlot(setting: string, metric: string, trials: readonly PlottedTrial[]): SweepPlot | null {
  if (trials.length < 2) return null;
  const scores = trials.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const y = (score: number) => round(plot.bottom - ((score - low) / (high - low || 1)) * (plot.bottom - plot.top));
  const { at, ticks, isLog } = across(trials.map(({ value }) => value));
  return {
    setting,
    spoken: `${metric} of ${trials.length} trials from ${formatScore(low)} to ${formatScore(high)}, by ${setting}${isLog ? ', logarithmic' : ''}. The table of trials has the numbers.`,
    width,
    height,
    dots: trials.map(({ number, value, score, isBest }) => ({
      x: at(value),
      y: y(score),
      isBest,
      text: `Trial ${number}: ${settingWords(value)}, ${formatScore(score)}`,
    })),
    axis: [
      { x: plot.left, y: 14, text: `${metric}, ${formatScore(low)} to ${formatScore(high)}`, anchor: 'start' },
      ...ticks.map((tick) => ({ ...tick, y: 182 })),
      { x: width / 2, y: 197, text: isLog ? `${setting} (log)` : setting, anchor: 'middle' },
    ],
  };
}

interface Across {
  at: (value: SettingValue) => number;
  ticks: { x: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
  isLog: boolean;
}

function across(values: readonly SettingValue[]): Across {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length ? byNumber(numbers) : byName(values);
}

function byNumber(numbers: readonly number[]): Across {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isLog = low > 0 && high / low >= wideRange;
  const scaled = (value: number) => (isLog ? Math.log(value) : value);
  const span = scaled(high) - scaled(low) || 1;
  const ends = [
    { x: plot.left, text: String(low), anchor: 'start' },
    { x: plot.right, text: String(high), anchor: 'end' },
  ] as const;
  return {
    at: (value) => round(plot.left + ((scaled(Number(value)) - scaled(low)) / span) * (plot.right - plot.left)),
    ticks: low === high ? ends.slice(0, 1) : [...ends],
    isLog,
  };
}

function byName(values: readonly SettingValue[]): Across {
  const names = [...new Set(values.map(settingWords))];
  const step = (plot.right - plot.left) / names.length;
  const x = (name: string) => round(plot.left + (names.indexOf(name) + 0.5) * step);
  const shown = names.length <= mostNamesBelow ? names : [];
  return {
    at: (value) => x(settingWords(value)),
    ticks: shown.map((name) => ({ x: x(name), text: name.slice(0, 14), anchor: 'middle' })),
    isLog: false,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
