import { formatScore } from './plain-words.ts';

/** A score and what is known of its 95 % interval: both ends, or of an older trainer half of the width only. */
export interface Judged {
  value: number | null;
  half: number | null;
  low?: number | null | undefined;
  high?: number | null | undefined;
  higherIsBetter: boolean;
}

interface Ends {
  low: number;
  high: number;
}

/** Where only half of the width is known, as far to either side, and no further than what is possible. */
export function endsOf({ value, half, low, high, higherIsBetter }: Judged): Ends | null {
  if (typeof low === 'number' && typeof high === 'number') return { low, high };
  if (value === null || half === null) return null;
  // What is to be high ends at 1, and errors and losses at 0.
  return higherIsBetter
    ? { low: value - half, high: Math.min(value + half, 1) }
    : { low: Math.max(value - half, 0), high: value + half };
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
