import type { JobSpec } from './job-spec.ts';
import { bootGraceSeconds, collectGraceSeconds, teardownMarginSeconds } from './machine-times.ts';
import { costOf, type Micros } from './money.ts';

export interface WorstPart {
  title: string;
  seconds: number;
  micros: Micros;
  /** How much more an hour costs than on the machine that was asked for; only of what that is about. */
  dearer?: Micros;
}

/** What everything costs that may go wrong with a job, part by part, before any cap; `extension` if it is extended as far as it goes. */
export function worstParts(
  limits: JobSpec['limits'],
  pricePerHourMicros: Micros,
  /** Of the next size up, on which all but the first seconds may run when memory runs out; null where there is none. */
  largerPerHourMicros: Micros | null = null,
): { parts: WorstPart[]; extension: WorstPart } {
  const { trainingSeconds, longestSeconds, attempts, silenceSeconds } = limits;
  const part = (title: string, seconds: number): WorstPart => ({
    title,
    seconds,
    micros: costOf(pricePerHourMicros, seconds * 1000),
  });
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const parts = [
    part('Training, over all attempts', trainingSeconds),
    part(`Setting up a machine, ${tries}`, attempts * bootGraceSeconds),
    part(`Silence before a machine counts as lost, ${tries}`, attempts * silenceSeconds),
    part(`Handing in model and report, ${tries}`, attempts * collectGraceSeconds),
    part(`Taking machine and disk down, ${tries}`, attempts * teardownMarginSeconds),
  ];
  const extension = part('More training, if extended', longestSeconds - trainingSeconds);
  const dearer = (largerPerHourMicros ?? 0) - pricePerHourMicros;
  if (attempts === 1 || dearer <= 0) return { parts, extension };
  const more = (seconds: number) => costOf(dearer, seconds * 1000);
  const seconds = parts.reduce((total, each) => total + each.seconds, 0);
  return {
    parts: [...parts, { title: 'A size up, should memory run out', seconds, micros: more(seconds), dearer }],
    extension: { ...extension, micros: extension.micros + more(extension.seconds) },
  };
}

/** The most that a job can cost, extended or not, never above its own cap. */
export function mostMicros(
  limits: JobSpec['limits'],
  pricePerHourMicros: Micros,
  largerPerHourMicros: Micros | null = null,
): Micros {
  const { parts, extension } = worstParts(limits, pricePerHourMicros, largerPerHourMicros);
  const sum = [...parts, extension].reduce((total, { micros }) => total + micros, 0);
  return Math.min(sum, limits.budgetMicros ?? Number.POSITIVE_INFINITY);
}
