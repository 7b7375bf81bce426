import type { Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { workOf, worksOf } from './holders.ts';

export type PlaceAnswer = { granted: true } | { granted: false; ahead: number; sentence: string };

export function placeActivities({ stores, work, now }: Dependencies) {
  return {
    /** Safe to retry: asking and claiming again finds what the first time made. */
    async claimPlace(request: Holder & { cloud: string; places: number }): Promise<PlaceAnswer> {
      const holder = { kind: request.kind, id: request.id };
      const { row } = await workOf({ stores }, holder);
      await stores.places.ask({ holder, workspaceId: row.workspace_id, cloud: request.cloud, nowMs: now() });
      const claim = await stores.places.claim(holder, request.places, now());
      if (claim.granted) return { granted: true };
      const places = request.places === 1 ? 'The one place is' : `All ${request.places} places are`;
      const sentence = `${places} taken; ${claim.ahead === 0 ? 'it is next' : `${claim.ahead} ahead of it`}.`;
      await worksOf(stores, holder.kind).say(holder.id, sentence);
      return { granted: false, ahead: claim.ahead, sentence };
    },

    /** Safe to retry: freeing what is free does nothing, and a wake-up too many only makes somebody ask again. */
    async freePlace(holder: Holder): Promise<void> {
      const waiting = await stores.places.free(holder);
      // One place, one wake-up: it wakes the next one when there is room for more.
      for (const next of waiting.slice(0, 1)) await work.wake(next);
    },
  };
}
