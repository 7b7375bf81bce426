import type { JobSpec } from '../../domain/job-spec.ts';
import { nextSizeUp } from '../../domain/machine-sizes.ts';
import { worstPricesOf } from '../../domain/prices.ts';
import { formatMoney } from '../../domain/money.ts';
import { sensibleBudget, type WorstPart, worstParts } from '../../domain/worst-case.ts';
import type { MachineType } from '../../infra/cloud.ts';
import { durationInWords } from './sizes.ts';
import type { WorstCase } from './views.ts';

/**
 * The most that a job can cost if everything goes wrong that may: every attempt takes all of its time to set up, is
 * silent before it counts as lost, hands in, and is slow to go; training time is the job's, so it counts once. And what
 * it is if somebody extends the time as far as it goes; that also covers a machine that lives to its own end because
 * nobody was there to take it down. Where the cloud has a larger machine, one attempt may run out of memory and all
 * others be on that; where spot machines do not last, one on demand. Never above the cap, which ends machines by itself.
 */
export function worstCaseOf(
  spec: Pick<JobSpec, 'limits'> & { machine?: Pick<JobSpec['machine'], 'spot'> },
  machine: MachineType,
  types: readonly MachineType[] = [],
): WorstCase {
  const { trainingSeconds, longestSeconds, budgetMicros } = spec.limits;
  const larger = nextSizeUp(types, machine);
  const counted = worstParts(spec.limits, worstPricesOf(machine, spec.machine?.spot ?? false, types));
  const dearerWords = { 'on demand': 'on demand', 'size up': larger?.title ?? 'it' };
  const inWords = ({ title, seconds, micros, perHourMicros, because }: WorstPart) => ({
    title,
    text:
      because === undefined
        ? `${durationInWords(seconds)} × ${formatMoney(perHourMicros)} an hour`
        : `${durationInWords(seconds)} × ${formatMoney(perHourMicros)} more an hour for ${dearerWords[because]}`,
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
    sensibleBudgetMicros: sensibleBudget(sum + extension.micros),
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
  if (machine.pricePerHourMicros === 0 && extendedMicros === 0)
    return `It costs nothing: ${machine.title} has no price.`;
  const most = `At most ${formatMoney(micros)}`;
  if (capped) return `${most}, extended or not: the budget ends it there.`;
  if (extendedMicros === micros) return `${most}; usually much less.`;
  const ended = extendedCapped ? ', where the budget ends it' : '';
  return `${most}; if extended, at most ${formatMoney(extendedMicros)}${ended}. Usually much less.`;
}
