import type { JobSpec } from './job-spec.ts';
import { bootGraceSeconds, collectGraceSeconds, teardownMarginSeconds } from './machine-times.ts';
import { costOf, type Micros } from './money.ts';

export interface WorstPart {
  title: string;
  seconds: number;
  micros: Micros;
}

/** What everything costs that may go wrong with a job, part by part, before any cap; `extension` if it is extended as far as it goes. */
export function worstParts(
  limits: JobSpec['limits'],
  pricePerHourMicros: Micros,
): { parts: WorstPart[]; extension: WorstPart } {
  const { trainingSeconds, longestSeconds, attempts, silenceSeconds } = limits;
  const part = (title: string, seconds: number): WorstPart => ({
    title,
    seconds,
    micros: costOf(pricePerHourMicros, seconds * 1000),
  });
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return {
    parts: [
      part('Training, over all attempts', trainingSeconds),
      part(`Setting up a machine, ${tries}`, attempts * bootGraceSeconds),
      part(`Silence before a machine counts as lost, ${tries}`, attempts * silenceSeconds),
      part(`Handing in model and report, ${tries}`, attempts * collectGraceSeconds),
      part(`Taking machine and disk down, ${tries}`, attempts * teardownMarginSeconds),
    ],
    extension: part('More training, if extended', longestSeconds - trainingSeconds),
  };
}

/** The most that a job can cost, extended or not, never above its own cap. */
export function mostMicros(limits: JobSpec['limits'], pricePerHourMicros: Micros): Micros {
  const { parts, extension } = worstParts(limits, pricePerHourMicros);
  const sum = [...parts, extension].reduce((total, { micros }) => total + micros, 0);
  return Math.min(sum, limits.budgetMicros ?? Number.POSITIVE_INFINITY);
}
