import { worksOf } from '../holders.ts';
import type { Cloud } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';

/** Places whose owner is done are freed, and when there is room somebody who waits is woken: a lost wake-up ends here. */
export async function freePlaces({ stores, work }: Dependencies, cloud: Cloud): Promise<void> {
  const places = (await stores.places.list()).filter((place) => place.cloud === cloud.name);
  const kept = [];
  for (const place of places) {
    const holder = { kind: place.holder_kind, id: place.holder_id };
    const row = await worksOf(stores, holder.kind).find(holder.id);
    if (row && row.phase !== 'done') kept.push(place);
    else await stores.places.free(holder);
  }
  const granted = kept.filter((place) => place.granted_at_ms !== null).length;
  const room = Math.max(0, (await cloud.places()) - granted);
  const waiting = kept.filter((place) => place.granted_at_ms === null).sort((a, b) => a.asked_at_ms - b.asked_at_ms);
  for (const place of waiting.slice(0, room)) await work.wake({ kind: place.holder_kind, id: place.holder_id });
}
