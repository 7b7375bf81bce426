import type { Holder } from '../domain/ids.ts';
import { type Micros, totalCost } from '../domain/money.ts';
import type { Dependencies } from './dependencies.ts';
import { workOf, worksOf } from './holders.ts';

/** What a holder has cost until now, by the cloud's own intervals in the ledger. */
export async function costSoFar({ stores, now }: Dependencies, holder: Holder): Promise<Micros> {
  return totalCost(await stores.resources.intervals(holder), now());
}

/** Counts the true cost once everything is gone, and keeps it with the date of the price list it follows. */
export async function finalCost(dependencies: Dependencies, holder: Holder): Promise<Micros> {
  const { stores, clouds } = dependencies;
  const { spec } = await workOf(dependencies, holder);
  const cost = await costSoFar(dependencies, holder);
  const types = (await clouds.get(spec.machine.cloud)?.machineTypes()) ?? [];
  const priceListDate = types.find((type) => type.name === spec.machine.type)?.priceListDate ?? '';
  await worksOf(stores, holder.kind).setCost(holder.id, cost, true, priceListDate);
  return cost;
}
