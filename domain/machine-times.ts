import { type Micros, secondsFor } from './money.ts';

/** What a machine may need before it says hello, and after training to hand in what it made. */
export const bootGraceSeconds = 120;
export const collectGraceSeconds = 600;
/** What the cloud may take to confirm that a machine and its disk are gone; kept back from the budget for that. */
export const teardownMarginSeconds = 120;

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
  pricePerHourMicros: Micros;
}): MachineTimes {
  const { nowMs, secondsLeft, longestSecondsLeft } = from;
  const affordable =
    from.moneyLeftMicros === null
      ? Number.POSITIVE_INFINITY
      : secondsFor(Math.max(0, from.moneyLeftMicros), from.pricePerHourMicros) - teardownMarginSeconds;
  const longest = bootGraceSeconds + longestSecondsLeft + collectGraceSeconds;
  const lasts = Math.max(0, Math.min(longest, affordable));
  const trains = Math.min(secondsLeft, lasts - handInSeconds(lasts));
  return {
    endsAtMs: Math.floor(nowMs + lasts * 1000),
    deadlineAtMs: Math.floor(nowMs + trains * 1000),
    limitedBy: trains < secondsLeft ? 'money' : 'time',
  };
}

/** The latest that training may be put off to when its time is extended: the end of its machine stays where it is. */
export function latestDeadline(machine: { startedAtMs: number; endsAtMs: number }): number {
  const lasts = Math.max(0, (machine.endsAtMs - machine.startedAtMs) / 1000);
  return Math.floor(machine.endsAtMs - handInSeconds(lasts) * 1000);
}

/** With little time in all, handing in gets a fifth of it: a stopped training is worth more than one cut off. */
function handInSeconds(lasts: number): number {
  return Math.min(collectGraceSeconds, lasts / 5);
}
