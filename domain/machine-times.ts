import { type Micros, secondsFor } from './money.ts';

/** What a machine may need before it says hello, and after training to hand in what it made. */
export const bootGraceSeconds = 120;
export const collectGraceSeconds = 600;
/** What the cloud may take to confirm that a machine and its disk are gone; kept back from the budget for that. */
export const teardownMarginSeconds = 120;

/** Of a budget: from here on a person is warned; here training stops, so that the best is kept; here all is taken down. */
export const moneyMarks = { warns: 0.8, stops: 0.95, ends: 1 } as const;

export interface MachineTimes {
  /** When the cloud itself ends the machine, whoever is still alive. */
  endsAtMs: number;
  /** When training must stop and hand in the best so far. */
  deadlineAtMs: number;
  limitedBy: 'time' | 'money';
}

/**
 * Both ends of a machine, fixed when it is made: the longest its job may still be allowed (extensions included) plus
 * grace, or as long as the money lasts, whichever is sooner. Training stops early enough to hand in what it made.
 */
export function machineTimes(from: {
  nowMs: number;
  secondsLeft: number;
  longestSecondsLeft: number;
  moneyLeftMicros: Micros | null;
  /** The whole of it, of which training may use so much and no more. */
  budgetMicros?: Micros | null;
  pricePerHourMicros: Micros;
}): MachineTimes {
  const { nowMs, secondsLeft, longestSecondsLeft } = from;
  const affordable =
    from.moneyLeftMicros === null
      ? Number.POSITIVE_INFINITY
      : secondsFor(Math.max(0, from.moneyLeftMicros), from.pricePerHourMicros) - teardownMarginSeconds;
  const longest = bootGraceSeconds + longestSecondsLeft + collectGraceSeconds;
  const lasts = Math.max(0, Math.min(longest, affordable));
  const trains = Math.max(0, Math.min(secondsLeft, lasts - handInSeconds(lasts), secondsUntilStop(from)));
  return {
    endsAtMs: Math.floor(nowMs + lasts * 1000),
    deadlineAtMs: Math.floor(nowMs + trains * 1000),
    limitedBy: trains < secondsLeft ? 'money' : 'time',
  };
}

/** How long a machine may train before so much of the budget is used that the best must be kept. */
export function secondsUntilStop(from: {
  moneyLeftMicros: Micros | null;
  budgetMicros?: Micros | null;
  pricePerHourMicros: Micros;
}): number {
  const { moneyLeftMicros, budgetMicros = null, pricePerHourMicros } = from;
  if (moneyLeftMicros === null || budgetMicros === null) return Number.POSITIVE_INFINITY;
  const keptBack = Math.ceil(budgetMicros * (1 - moneyMarks.stops));
  return secondsFor(Math.max(0, moneyLeftMicros - keptBack), pricePerHourMicros);
}

/** The latest that training may be put off to when its time is extended: the end of its machine stays where it is. */
export function latestDeadline(machine: { startedAtMs: number; endsAtMs: number; stopsAtMs?: number }): number {
  const lasts = Math.max(0, (machine.endsAtMs - machine.startedAtMs) / 1000);
  const handsIn = machine.endsAtMs - handInSeconds(lasts) * 1000;
  return Math.floor(Math.min(handsIn, machine.stopsAtMs ?? Number.POSITIVE_INFINITY));
}

/** With little time in all, handing in gets a fifth of it: a stopped training is worth more than one cut off. */
function handInSeconds(lasts: number): number {
  return Math.min(collectGraceSeconds, lasts / 5);
}
