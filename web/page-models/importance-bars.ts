import { formatScore } from './plain-words.ts';
import type { Report } from './report.ts';

/** Words stay words, so that they can be read on a phone; only the bar beside them is a drawing, in percent. */
export interface ImportanceBars {
  rows: { name: string; value: string; width: number; whisker: { from: number; to: number } | null }[];
}

const shownColumns = 15;

export function importanceBars(importance: Report['importance']): ImportanceBars | null {
  const top = importance.toSorted((a, b) => b.mean - a.mean).slice(0, shownColumns);
  if (top.length === 0) return null;
  const most = Math.max(...top.map((item) => Math.abs(item.mean) + (item.interval ?? 0)), 1e-12);
  const share = (value: number) => Math.round((Math.max(0, value) / most) * 1000) / 10;
  const places = placesOf(Math.max(...top.map((item) => Math.abs(item.mean))));
  return {
    rows: top.map(({ column, mean, interval }) => ({
      name: column,
      value: withPlaces(mean, places),
      width: Math.max(0.3, share(mean)),
      whisker: interval === null ? null : { from: share(mean - interval), to: share(mean + interval) },
    })),
  };
}

/** As many places as the largest needs: numbers below each other are compared by their length first. */
function placesOf(largest: number): number {
  if (largest === 0) return 0;
  if (largest < 0.001) return Math.min(12, 2 - Math.floor(Math.log10(largest)));
  return formatScore(largest).split('.')[1]?.length ?? 0;
}

function withPlaces(value: number, places: number): string {
  const shown = new Intl.NumberFormat('en-US', { minimumFractionDigits: places, maximumFractionDigits: places });
  // What rounds to nothing has no sign.
  return shown.format(Number(value.toFixed(places)) || 0);
}
