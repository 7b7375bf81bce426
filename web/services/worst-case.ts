import type { JobSpec } from '../../domain/job-spec.ts';
import { formatMoney } from '../../domain/money.ts';
import { type WorstPart, worstParts } from '../../domain/worst-case.ts';
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
  const { trainingSeconds, longestSeconds, budgetMicros } = spec.limits;
  const counted = worstParts(spec.limits, machine.pricePerHourMicros);
  const inWords = ({ title, seconds, micros }: WorstPart) => ({
    title,
    text: `${durationInWords(seconds)} × ${formatMoney(machine.pricePerHourMicros)} an hour`,
    micros,
  });
  const parts = counted.parts.map(inWords);
  const extension = inWords(counted.extension);
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
