import type { Failure } from './failures.ts';
import { bootGraceSeconds, teardownMarginSeconds } from './machine-times.ts';
import { formatMoney, type Micros, secondsFor } from './money.ts';

/** How a machine is bought: spot is cheaper, and its cloud may take it back at any moment. */
export interface Market {
  spot: boolean;
  pricePerHourMicros: Micros;
  /** What a person reads of a change, or of why there is none; empty where nothing was decided. */
  decision: string;
}

/** What a machine on demand has to last beyond setting up and taking down; with less it would only cost. */
const worthOnDemandSeconds = 60;

/** On demand once so many spot machines were lost or not to be had, if what is left of the budget pays for that. */
export function marketFor(asked: {
  wantsSpot: boolean;
  /** Spot machines that were lost, and times when none was to be had. */
  spotTries: number;
  spotAttempts: number;
  spotPerHourMicros: Micros | null;
  onDemandPerHourMicros: Micros;
  moneyLeftMicros: Micros | null;
}): Market {
  const { wantsSpot, spotTries, spotAttempts, spotPerHourMicros, onDemandPerHourMicros, moneyLeftMicros } = asked;
  const onDemand = { spot: false, pricePerHourMicros: onDemandPerHourMicros };
  if (!wantsSpot) return { ...onDemand, decision: '' };
  const price = `${formatMoney(onDemandPerHourMicros)} an hour`;
  if (spotPerHourMicros === null)
    return { ...onDemand, decision: `There are no spot machines of this type: on demand, at ${price}.` };
  const spot = { spot: true, pricePerHourMicros: spotPerHourMicros };
  if (spotTries < spotAttempts) return { ...spot, decision: '' };
  const tries = spotTries === 1 ? 'One try' : `${spotTries} tries`;
  const needed = bootGraceSeconds + worthOnDemandSeconds + teardownMarginSeconds;
  if (moneyLeftMicros !== null && secondsFor(Math.max(0, moneyLeftMicros), onDemandPerHourMicros) < needed) {
    return {
      ...spot,
      decision: `${tries} on spot came to nothing, but the budget does not pay for one on demand, at ${price}: it stays spot.`,
    };
  }
  return { ...onDemand, decision: `${tries} on spot came to nothing: on demand from here, at ${price}.` };
}

/** What is not to be had now may be later: other machines end, and quotas are raised. About an hour in all. */
export const machineWaitsSeconds: readonly number[] = [30, 60, 120, 300, 600, 600, 900, 900];

export interface Wait {
  seconds: number;
  sentence: string;
}

/** Null when it was waited for often enough: whoever asked then ends, and says why. */
export function waitForMachine(failure: Failure, tries: number, waits: readonly number[]): Wait | null {
  const seconds = waits[tries - 1];
  if (seconds === undefined) return null;
  const when = seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return { seconds, sentence: `${failure.message} Asked ${tries} of ${waits.length + 1} times; again in ${when}.` };
}

/** What a cloud may say at one moment and not at the next: waited for, a few times. */
export function isWaitedFor(type: string): boolean {
  return type === 'NoCapacity' || type === 'QuotaExceeded';
}
