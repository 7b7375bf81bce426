import type { JobRequestInput } from '../domain/job-spec.ts';
import { Usage } from './exit-codes.ts';

/** How rows are divided, as a person says it. */
export interface SplitOptions {
  folds?: string;
  /** In percent, as the form has it. */
  holdout?: string;
  seed?: string;
  group?: string;
  byTime?: string;
}

/** What is not told is left for the server to fill in. */
export function splitOf({ folds, holdout, seed, group, byTime }: SplitOptions): NonNullable<JobRequestInput['split']> {
  return {
    ...(holdout === undefined ? {} : { holdoutFraction: percentFrom(holdout) / 100 }),
    ...(folds === undefined ? {} : { folds: wholeFrom(folds, '--folds') }),
    ...(seed === undefined ? {} : { seed: wholeFrom(seed, '--seed') }),
    groupColumn: group ?? null,
    timeColumn: byTime ?? null,
  };
}

export function wholeFrom(text: string, option: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Usage(`${option} takes a whole number, and not “${text}”.`);
}

function percentFrom(text: string): number {
  // 0.2 is nearly always meant as a share, and would hold out one row in five hundred.
  if (/^[1-9]\d?(\.\d+)?%?$/.test(text)) return Number.parseFloat(text);
  throw new Usage(`--holdout takes percent of the rows, as 20, and not “${text}”.`);
}
