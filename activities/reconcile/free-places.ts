import type { Cloud } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { worksOf } from '../holders.ts';

/** A wake-up is history for ever, and whoever does not take its place may be stuck: it is told ever more seldom. */
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;

interface Woken {
  atMs: number;
  pauseMs: number;
}

/** Places whose owner is done are freed, and when there is room somebody who waits is woken: a lost wake-up ends here. */
export function placeFreer({ stores, work, now }: Pick<Dependencies, 'stores' | 'work' | 'now'>) {
  const woken = new Map<string, Woken>();

  return async function freePlaces(cloud: Cloud): Promise<void> {
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
    const waiting = kept.filter((place) => place.granted_at_ms === null);
    const ids = new Set(waiting.map((place) => `${cloud.name} ${place.holder_id}`));
    for (const id of woken.keys()) if (id.startsWith(`${cloud.name} `) && !ids.has(id)) woken.delete(id);
    for (const { holder_kind: kind, holder_id: id } of waiting.slice(0, room)) {
      const key = `${cloud.name} ${id}`;
      const last = woken.get(key);
      if (last && now() - last.atMs < last.pauseMs) continue;
      await work.wake({ kind, id });
      woken.set(key, { atMs: now(), pauseMs: last ? Math.min(longestPauseMs, last.pauseMs * 2) : firstPauseMs });
    }
  };
}
