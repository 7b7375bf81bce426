import type { AttemptRow } from '../db/tables.ts';
import type { AttemptRef } from '../domain/ids.ts';
import { usualSpotAttempts } from '../domain/job-spec.ts';
import type { Micros } from '../domain/money.ts';
import { type Market, marketFor } from '../domain/spot.ts';
import type { MachineType } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';
import type { HolderWork } from './holders.ts';
import { writeEntry } from './timeline-entry.ts';

/** What the machines before this one came to: how the next is bought, and where it is not asked for first. */
export interface Before {
  market: Market;
  avoidZones: string[];
}

/**
 * Spot as long as it is worth it, then on demand; a change, or why there is none, is told on the timeline. Asked again
 * it answers the same, as long as nothing new came to pass.
 */
export async function marketOf(
  dependencies: Dependencies,
  asked: {
    ref: AttemptRef;
    work: HolderWork;
    type: MachineType;
    /** How often none was to be had for this attempt. */
    refusals: number;
    moneyLeftMicros: Micros | null;
  },
): Promise<Before> {
  const { ref, work, type, refusals, moneyLeftMicros } = asked;
  const earlier = (await dependencies.stores.attempts.list(ref)).filter(({ attempt }) => attempt < ref.attempt);
  const market = marketFor({
    wantsSpot: work.spec.machine.spot,
    spotTries: earlier.filter(({ spot }) => spot === 1).length + refusals,
    spotAttempts: (work.kind === 'job' ? work.spec.limits.spotAttempts : undefined) ?? usualSpotAttempts,
    spotPerHourMicros: type.spotPricePerHourMicros ?? null,
    onDemandPerHourMicros: type.pricePerHourMicros,
    moneyLeftMicros,
  });
  if (market.decision !== '') {
    const key = `market-${ref.attempt}-${market.spot ? 'spot' : 'on-demand'}`;
    await writeEntry(dependencies, ref, { kind: 'note', key, text: market.decision });
  }
  return { market, avoidZones: zonesOf(earlier) };
}

/** Each once, the latest last. */
function zonesOf(earlier: readonly AttemptRow[]): string[] {
  const zones = earlier.flatMap(({ zone }) => zone ?? []);
  return zones.filter((zone, index) => zones.lastIndexOf(zone) === index);
}
