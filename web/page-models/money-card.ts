import type { JobRow, PredictionRow, ResourceRow } from '../../db/tables.ts';
import { costOf, formatMoney, totalCost } from '../../domain/money.ts';

export interface MoneyCard {
  state: 'estimated' | 'final';
  amount: string;
  cap: string;
  bar: { value: number; max: number; near: boolean } | null;
  note: string;
}

type Work = Pick<JobRow | PredictionRow, 'cost_micros' | 'cost_is_final' | 'price_list_date' | 'phase' | 'done_at_ms'>;

/** Money is shown before the limit is reached, not at it: from 80 % of the cap the bar says so. */
const nearTheCap = 0.8;

export function moneyCard(
  work: Work,
  resources: readonly ResourceRow[],
  limits: { budgetMicros: number | null; secondsLeft: number | null },
  nowMs: number,
): MoneyCard {
  const isFinal = work.cost_is_final === 1;
  const spent = isFinal ? (work.cost_micros ?? 0) : Math.max(work.cost_micros ?? 0, runningCost(resources, nowMs));
  const { budgetMicros } = limits;
  const share = budgetMicros ? spent / budgetMicros : 0;
  return {
    state: isFinal ? 'final' : 'estimated',
    amount: formatMoney(spent),
    cap: budgetMicros === null ? 'no cap' : `of a ${formatMoney(budgetMicros)} cap`,
    bar: budgetMicros ? { value: Math.min(spent, budgetMicros), max: budgetMicros, near: share >= nearTheCap } : null,
    note: noteOf(work, resources, limits, spent, share, isFinal),
  };
}

function runningCost(resources: readonly ResourceRow[], nowMs: number): number {
  const intervals = resources
    .filter((row) => row.started_at_ms !== null)
    .map((row) => ({
      pricePerHourMicros: row.price_per_hour_micros,
      fromMs: row.started_at_ms as number,
      toMs: row.ended_at_ms,
    }));
  return totalCost(intervals, nowMs);
}

function noteOf(
  work: Work,
  resources: readonly ResourceRow[],
  { budgetMicros, secondsLeft }: { budgetMicros: number | null; secondsLeft: number | null },
  spent: number,
  share: number,
  isFinal: boolean,
): string {
  const machines = resources.filter((row) => row.kind === 'machine');
  // What has no price needs no date of a price list.
  const isFree = machines.length > 0 && machines.every((row) => row.price_per_hour_micros === 0);
  const prices = work.price_list_date && !isFree ? ` Prices of ${work.price_list_date}.` : '';
  if (isFinal && isFree) return 'Its machine has no price.';
  if (isFinal) return `By the cloud's own times.${prices}`;
  if (share >= nearTheCap) return `Close to the cap: the best so far is kept before it is reached.${prices}`;
  const price = machines.findLast((row) => row.ended_at_ms === null)?.price_per_hour_micros;
  if (price === undefined || secondsLeft === null || work.done_at_ms !== null) {
    return `${work.done_at_ms === null ? 'Counted while a machine exists.' : 'Final once the cloud has confirmed every end.'}${prices}`;
  }
  if (price === 0) return 'This machine costs nothing.';
  const most = spent + costOf(price, secondsLeft * 1000);
  const shown = budgetMicros === null ? most : Math.min(most, budgetMicros);
  return `At most ${formatMoney(shown)} if it trains to its limit.${prices}`;
}
