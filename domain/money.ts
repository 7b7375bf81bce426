/** Money is an integer number of millionths of a US dollar: sums of it are exact, and a GPU second is still visible. */
export type Micros = number;

export const MICROS_PER_DOLLAR = 1_000_000;

export function dollars(amount: number): Micros {
  return Math.round(amount * MICROS_PER_DOLLAR);
}

const msPerHour = 3_600_000;

/**
 * Rounded up: an estimate must not be lower than the bill. Whole hours are counted apart, since price times weeks in
 * milliseconds is more than a number holds exactly.
 */
export function costOf(pricePerHourMicros: Micros, milliseconds: number): Micros {
  const ms = Math.max(0, milliseconds);
  return (
    pricePerHourMicros * Math.floor(ms / msPerHour) + Math.ceil((pricePerHourMicros * (ms % msPerHour)) / msPerHour)
  );
}

/** How long an amount lasts at a price; a machine that costs nothing lasts for ever. */
export function secondsFor(amountMicros: Micros, pricePerHourMicros: Micros): number {
  if (pricePerHourMicros <= 0) return Number.POSITIVE_INFINITY;
  return Math.floor((amountMicros * 3600) / pricePerHourMicros);
}

export function formatMoney(micros: Micros): string {
  const amount = micros / MICROS_PER_DOLLAR;
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  return `$${amount.toFixed(digits)}`;
}

/** An interval in which something cost money. `toMs` is null while it still does. */
export interface CostInterval {
  pricePerHourMicros: Micros;
  fromMs: number;
  toMs: number | null;
  /** What is billed at least, by the price list of its cloud. */
  leastSeconds?: number;
}

/** As its cloud bills it: from its first moment it costs the least that is billed. */
export function intervalCost(
  { pricePerHourMicros, fromMs, toMs, leastSeconds = 0 }: CostInterval,
  nowMs: number,
): Micros {
  return costOf(pricePerHourMicros, Math.max((toMs ?? nowMs) - fromMs, leastSeconds * 1000));
}

export function totalCost(intervals: readonly CostInterval[], nowMs: number): Micros {
  return intervals.reduce((sum, interval) => sum + intervalCost(interval, nowMs), 0);
}
