import type { AttemptRow } from '../db/tables.ts';
import type { Holder } from '../domain/ids.ts';
import { type Micros, totalCost } from '../domain/money.ts';
import type { Dependencies } from './dependencies.ts';
import { worksOf } from './holders.ts';

/** What a holder has cost until now, by the cloud's own intervals in the ledger. */
export async function costSoFar({ stores, now }: Dependencies, holder: Holder): Promise<Micros> {
  return totalCost(await stores.resources.intervals(holder), now());
}

/**
 * Counts the true cost once everything is gone, by the price of each machine when it was asked for, and keeps it with
 * the dates of the price lists that those are from.
 */
export async function finalCost(dependencies: Dependencies, holder: Holder): Promise<Micros> {
  const { stores } = dependencies;
  const cost = await costSoFar(dependencies, holder);
  const attempts = await stores.attempts.list(holder);
  await worksOf(stores, holder.kind).setCost(holder.id, cost, true, priceListsOf(attempts));
  return cost;
}

/** One date, or from the first to the last when a list changed between two attempts; none when there was no machine. */
export function priceListsOf(attempts: readonly Pick<AttemptRow, 'price_list_date'>[]): string | null {
  const dates = attempts.flatMap(({ price_list_date }) => price_list_date ?? []).toSorted();
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined) return null;
  return first === last ? first : `${first} to ${last}`;
}
