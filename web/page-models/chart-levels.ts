/** Round numbers for the axes of a chart, and words that tell them apart. */

const factors = [1, 2, 5, 10];

function niceStep(atLeast: number, whole = false): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const step = factors.map((factor) => factor * power).find((candidate) => candidate >= atLeast * 0.999) as number;
  return whole ? Math.max(1, step) : step;
}

/** Three to five round numbers that hold all values. */
export function levelsAround(low: number, high: number): number[] {
  const step = niceStep((high - low) / 2);
  return multiples(step, Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9));
}

/** Three to six round numbers that lie between two; only whole ones where there is nothing between those. */
export function levelsWithin(low: number, high: number, { whole = false } = {}): number[] {
  const step = niceStep((high - low) / 5, whole);
  return multiples(step, Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9));
}

function multiples(step: number, from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

/** What is around a value that never changed: enough for it to stand in the middle. */
export function flatRange(value: number): { from: number; to: number } {
  const half = Math.abs(value) * 0.1 || 1;
  return { from: value - half, to: value + half };
}

/** As few digits as still tell neighbours apart, the same number of places for all. */
export function levelWords(levels: readonly number[]): string[] {
  const compact = levels.map((level) => new Intl.NumberFormat('en-US', { notation: 'compact' }).format(level));
  const isLarge = levels.some((level) => Math.abs(level) >= 10_000);
  if (isLarge && new Set(compact).size === levels.length) return compact;
  const step = Math.abs((levels[1] ?? 0) - (levels[0] ?? 0));
  const places = step === 0 ? 0 : Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const words = new Intl.NumberFormat('en-US', { minimumFractionDigits: places, maximumFractionDigits: places });
  return levels.map((level) => words.format(level));
}
