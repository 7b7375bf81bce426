import type { JobSpec } from './job-spec.ts';
import { bootGraceSeconds, collectGraceSeconds, teardownMarginSeconds } from './machine-times.ts';
import { costOf, type Micros } from './money.ts';

export interface WorstPart {
  title: string;
  seconds: number;
  micros: Micros;
  /** The price by which it was counted; of a part that is about a dearer machine, how much more an hour costs there. */
  perHourMicros: Micros;
  /** What changes the price: absent in a part at the price of the machine that was asked for. */
  because?: 'on demand' | 'size up';
}

/** An hour of each machine that a job may come to run on. */
export interface WorstPrices {
  /** The one that was asked for, its disk included. */
  perHourMicros: Micros;
  diskPerHourMicros?: Micros;
  /** The same on demand, where it was asked for as spot. */
  onDemandPerHourMicros?: Micros | null;
  /** Of the next size up, on which all but the first seconds may run when memory runs out; null where there is none. */
  largerPerHourMicros?: Micros | null;
}

/** What everything costs that may go wrong with a job, part by part, before any cap; `extension` if it is extended as far as it goes. */
export function worstParts(
  limits: JobSpec['limits'],
  prices: WorstPrices,
): { parts: WorstPart[]; extension: WorstPart } {
  const { trainingSeconds, longestSeconds, attempts, silenceSeconds } = limits;
  const { perHourMicros, diskPerHourMicros = 0, onDemandPerHourMicros = null, largerPerHourMicros = null } = prices;
  const machinePerHour = perHourMicros - diskPerHourMicros;
  const at = (title: string, seconds: number, price: Micros) => ({
    ...{ title, seconds, perHourMicros: price },
    micros: costOf(price, seconds * 1000),
  });
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const spans: [string, number][] = [
    ['Training, over all attempts', trainingSeconds],
    [`Setting up a machine, ${tries}`, attempts * bootGraceSeconds],
    [`Silence before a machine counts as lost, ${tries}`, attempts * silenceSeconds],
    [`Handing in model and report, ${tries}`, attempts * collectGraceSeconds],
    [`Taking machine and disk down, ${tries}`, attempts * teardownMarginSeconds],
  ];
  const seconds = spans.reduce((total, [, each]) => total + each, 0);
  const parts: WorstPart[] = spans.map(([title, each]) => at(title, each, machinePerHour));
  if (diskPerHourMicros > 0) parts.push(at('Disk, as long as its machine', seconds, diskPerHourMicros));
  const extension = at('More training, if extended', longestSeconds - trainingSeconds, perHourMicros);
  let dearest = perHourMicros;
  const dearer = (title: string, price: Micros | null, because: NonNullable<WorstPart['because']>) => {
    if (price === null || price <= dearest) return;
    parts.push({ ...at(title, seconds, price - dearest), because });
    extension.micros += costOf(price - dearest, extension.seconds * 1000);
    dearest = price;
  };
  // Also of the only attempt: where no spot machine is to be had, that one may be on demand.
  dearer('On demand, should spot machines not last', onDemandPerHourMicros, 'on demand');
  if (attempts > 1) dearer('A size up, should memory run out', largerPerHourMicros, 'size up');
  return { parts, extension };
}

/** The most that a job can cost, extended or not, before any cap. */
export function uncappedMicros(limits: JobSpec['limits'], prices: WorstPrices): Micros {
  const { parts, extension } = worstParts(limits, prices);
  return [...parts, extension].reduce((total, { micros }) => total + micros, 0);
}

/** The most that a job can cost, extended or not, never above its own cap. */
export function mostMicros(limits: JobSpec['limits'], prices: WorstPrices): Micros {
  return Math.min(uncappedMicros(limits, prices), limits.budgetMicros ?? Number.POSITIVE_INFINITY);
}

/** A cap that the worst case stays within, in a number that a person would write: two digits, rounded up. */
export function sensibleBudget(worstMicros: Micros): Micros {
  if (worstMicros <= 0) return 0;
  const cent = 10_000;
  const step = Math.max(cent, 10 ** (Math.floor(Math.log10(worstMicros)) - 1));
  return Math.ceil(worstMicros / step) * step;
}
