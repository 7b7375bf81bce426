import { billedMachine } from '../../db/billed-machine.ts';
import type { JobRow, PredictionRow, ResourceRow } from '../../db/tables.ts';
import { costParts } from '../../domain/cost-parts.ts';
import type { HolderKind } from '../../domain/ids.ts';
import { moneyMarks } from '../../domain/machine-times.ts';
import { costOf, formatMoney, totalCost } from '../../domain/money.ts';

export interface MoneyCard {
  state: 'estimated' | 'final';
  amount: string;
  cap: string;
  bar: { value: number; max: number; near: boolean } | null;
  /** What it is made of; empty where that is one thing alone. */
  parts: { title: string; amount: string }[];
  /** Set while it is close to the cap: for a banner. */
  warning: string | null;
  note: string;
}

type Work = Pick<JobRow | PredictionRow, 'cost_micros' | 'cost_is_final' | 'price_list_date' | 'phase' | 'done_at_ms'>;

interface AtCap {
  stops: string;
  before: string;
}

const atCap: Record<HolderKind, AtCap> = {
  job: { stops: 'training stops and the best so far is kept', before: 'the best so far is kept' },
  prediction: { stops: 'it stops', before: 'it stops' },
};

export function moneyCard(
  kind: HolderKind,
  work: Work,
  resources: readonly ResourceRow[],
  limits: { budgetMicros: number | null; secondsLeft: number | null },
  nowMs: number,
): MoneyCard {
  const isFinal = work.cost_is_final === 1;
  const billed = resources.flatMap(billedMachine);
  const spent = isFinal ? (work.cost_micros ?? 0) : Math.max(work.cost_micros ?? 0, totalCost(billed, nowMs));
  const { budgetMicros } = limits;
  const share = budgetMicros ? spent / budgetMicros : 0;
  // Money is shown before the limit is reached, not at it.
  const near = share >= moneyMarks.warns;
  const parts = costParts(billed, nowMs);
  const total = parts.reduce((sum, { micros }) => sum + micros, 0);
  return {
    state: isFinal ? 'final' : 'estimated',
    amount: formatMoney(spent),
    cap: budgetMicros === null ? 'no cap' : `of a ${formatMoney(budgetMicros)} cap`,
    bar: budgetMicros ? { value: Math.min(spent, budgetMicros), max: budgetMicros, near } : null,
    // A cost that was kept is not told in parts that do not sum up to it.
    parts:
      parts.length > 1 && total === spent
        ? parts.map(({ title, micros }) => ({ title, amount: formatMoney(micros) }))
        : [],
    warning: near && budgetMicros && work.done_at_ms === null ? warningOf(kind, spent, budgetMicros) : null,
    note: noteOf(work, resources, limits, { spent, near, isFinal, atCap: atCap[kind] }),
  };
}

function warningOf(kind: HolderKind, spent: number, budgetMicros: number): string {
  const percent = Math.floor((spent / budgetMicros) * 100);
  const stops = Math.round(moneyMarks.stops * 100);
  return `${percent} % of the ${formatMoney(budgetMicros)} cap is used. At ${stops} % at the latest ${atCap[kind].stops}.`;
}

function noteOf(
  work: Work,
  resources: readonly ResourceRow[],
  { budgetMicros, secondsLeft }: { budgetMicros: number | null; secondsLeft: number | null },
  { spent, near, isFinal, atCap: { before } }: { spent: number; near: boolean; isFinal: boolean; atCap: AtCap },
): string {
  const machines = resources.filter((row) => row.kind === 'machine');
  // What has no price needs no date of a price list.
  const isFree = machines.length > 0 && machines.every((row) => row.price_per_hour_micros === 0);
  const prices = work.price_list_date && !isFree ? ` Prices of ${work.price_list_date}.` : '';
  if (isFinal && isFree) return 'Its machine has no price.';
  if (isFinal) return `By the cloud's own times.${prices}`;
  if (near) return `Close to the cap: ${before} before it is reached.${prices}`;
  const price = machines.findLast((row) => row.ended_at_ms === null)?.price_per_hour_micros;
  if (price === undefined || secondsLeft === null || work.done_at_ms !== null) {
    return `${work.done_at_ms === null ? 'Counted while a machine exists.' : 'Final once the cloud has confirmed every end.'}${prices}`;
  }
  if (price === 0) return 'This machine costs nothing.';
  const most = spent + costOf(price, secondsLeft * 1000);
  const shown = budgetMicros === null ? most : Math.min(most, budgetMicros);
  return `At most ${formatMoney(shown)} if it trains to its limit.${prices}`;
}
