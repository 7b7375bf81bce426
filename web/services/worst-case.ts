import type { JobSpec } from '../../domain/job-spec.ts';
import { bootGraceSeconds, collectGraceSeconds, teardownMarginSeconds } from '../../domain/machine-times.ts';
import { costOf, formatMoney } from '../../domain/money.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { durationInWords } from './sizes.ts';
import type { WorstCase } from './views.ts';

/**
 * The most that a job can cost if everything goes wrong that may: every attempt takes all of its time to set up, is
 * silent before it counts as lost, hands in, and is slow to go; training time is the job's, so it counts once. And what
 * it is if somebody extends the time as far as it goes; that also covers a machine that lives to its own end because
 * nobody was there to take it down. Never above the cap, which ends machines by itself.
 */
export function worstCaseOf(spec: Pick<JobSpec, 'limits'>, machine: MachineType): WorstCase {
  const { trainingSeconds, longestSeconds, attempts, silenceSeconds, budgetMicros } = spec.limits;
  const price = machine.pricePerHourMicros;
  const part = (title: string, seconds: number) => ({
    title,
    text: `${durationInWords(seconds)} × ${formatMoney(price)} an hour`,
    micros: costOf(price, seconds * 1000),
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
  const sum = parts.reduce((total, { micros }) => total + micros, 0);
  const cap = budgetMicros ?? Number.POSITIVE_INFINITY;
  const most = { micros: Math.min(sum, cap), extendedMicros: Math.min(sum + extension.micros, cap) };
  return {
    ...most,
    sentence: sentenceOf(machine, { ...most, capped: sum > cap, extendedCapped: sum + extension.micros > cap }),
    parts: longestSeconds > trainingSeconds ? [...parts, extension] : parts,
    priceListDate: machine.priceListDate,
  };
}

interface Most {
  micros: number;
  extendedMicros: number;
  capped: boolean;
  extendedCapped: boolean;
}

function sentenceOf(machine: MachineType, { micros, extendedMicros, capped, extendedCapped }: Most): string {
  if (machine.pricePerHourMicros === 0) return `It costs nothing: ${machine.title} has no price.`;
  const most = `At most ${formatMoney(micros)}`;
  if (capped) return `${most}, extended or not: the budget ends it there.`;
  if (extendedMicros === micros) return `${most}; usually much less.`;
  const ended = extendedCapped ? ', where the budget ends it' : '';
  return `${most}; if extended, at most ${formatMoney(extendedMicros)}${ended}. Usually much less.`;
}
