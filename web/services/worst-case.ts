import type { JobSpec } from '../../domain/job-spec.ts';
import { bootGraceSeconds, collectGraceSeconds } from '../../domain/machine-times.ts';
import { costOf, formatMoney } from '../../domain/money.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { durationInWords } from './sizes.ts';
import type { WorstCase } from './views.ts';

/**
 * The most that a job can cost if everything goes wrong that may: every attempt boots, is silent before it counts as
 * lost, and hands in; training time is the job's, so it counts once. Never above the cap, which ends machines by itself.
 */
export function worstCaseOf(spec: Pick<JobSpec, 'limits'>, machine: MachineType): WorstCase {
  const { trainingSeconds, attempts, silenceSeconds, budgetMicros } = spec.limits;
  const price = machine.pricePerHourMicros;
  const part = (title: string, seconds: number) => ({
    title,
    text: `${durationInWords(seconds)} × ${formatMoney(price)} an hour`,
    micros: costOf(price, seconds * 1000),
  });
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const parts = [
    part('Training, over all attempts', trainingSeconds),
    part(`Starting a machine, ${tries}`, attempts * bootGraceSeconds),
    part(`Silence before a machine counts as lost, ${tries}`, attempts * silenceSeconds),
    part(`Collecting and releasing, ${tries}`, attempts * collectGraceSeconds),
  ];
  const sum = parts.reduce((total, { micros }) => total + micros, 0);
  const capped = budgetMicros !== null && budgetMicros < sum;
  const micros = capped ? budgetMicros : sum;
  return { micros, sentence: sentenceOf(machine, micros, capped, tries), parts, priceListDate: machine.priceListDate };
}

function sentenceOf(machine: MachineType, micros: number, capped: boolean, tries: string): string {
  if (machine.pricePerHourMicros === 0) return `It costs nothing: ${machine.title} has no price.`;
  if (capped) return `At most ${formatMoney(micros)}: the budget ends it there.`;
  return `At most ${formatMoney(micros)}, if all of the time and ${tries} are used; usually much less.`;
}
