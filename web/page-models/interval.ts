import { formatScore } from './plain-words.ts';

/** A score and what is known of its 95 % interval: both ends, or of an older trainer half of the width only. */
export interface Judged {
  value: number | null;
  half: number | null;
  low?: number | null | undefined;
  high?: number | null | undefined;
  metric: { name: string; higherIsBetter: boolean };
}

interface Ends {
  low: number;
  high: number;
}

/** Where only half of the width is known, as far to either side, and no further than what is possible. */
export function endsOf({ value, half, low, high, metric }: Judged): Ends | null {
  if (typeof low === 'number' && typeof high === 'number') return { low, high };
  if (value === null || half === null) return null;
  // What is to be high ends at 1; none is below 0 but R², by which a model can be worse than the mean.
  return {
    low: metric.name === 'r2' ? value - half : Math.max(value - half, 0),
    high: metric.higherIsBetter ? Math.min(value + half, 1) : value + half,
  };
}

/** "0.9271 to 0.9437", for a column of them. */
export function intervalText(judged: Judged): string {
  const ends = endsOf(judged);
  return ends ? `${formatScore(ends.low)} to ${formatScore(ends.high)}` : '–';
}

/** "between 0.9271 and 0.9437 (95 %)", below the score; empty where nobody knows. */
export function betweenText(judged: Judged): string {
  const ends = endsOf(judged);
  return ends ? `between ${formatScore(ends.low)} and ${formatScore(ends.high)} (95 %)` : '';
}
