import type { Claim } from '../db/stores/place-store.ts';
import type { Holder } from '../domain/ids.ts';
import { cloudNamed, type Dependencies } from './dependencies.ts';
import { workOf, worksOf } from './holders.ts';
import { heldBack } from './workspace-use.ts';

export type PlaceAnswer = { granted: true } | { granted: false; ahead: number; sentence: string };

export function placeActivities(dependencies: Dependencies) {
  const { stores, work, now } = dependencies;
  return {
    /** Safe to retry: asking and claiming again finds what the first time made. */
    async claimPlace(request: Holder & { cloud: string }): Promise<PlaceAnswer> {
      const holder = { kind: request.kind, id: request.id };
      const { row } = await workOf({ stores }, holder);
      // In the order in which they were accepted, and not in that in which their workflows happened to come round.
      const turn = { holder, workspaceId: row.workspace_id, cloud: request.cloud, nowMs: row.accepted_at_ms };
      await stores.places.ask(turn);
      // As many as there are now, and not as there were when it began to wait.
      const places = await cloudNamed(dependencies, request.cloud).places();
      const mine = { workspaceId: row.workspace_id, worstMicros: row.worst_micros ?? 0 };
      const claim = await stores.database.transaction(async (trx): Promise<Claim & { held?: string }> => {
        const held = await heldBack(dependencies, holder, mine, trx);
        // Asked for nothing, it answers only what is so already: whoever has a place keeps it.
        const claimed = await stores.places.claim(holder, held === undefined ? places : 0, now(), trx);
        return claimed.granted || held === undefined ? claimed : { ...claimed, held };
      });
      if (claim.granted) return { granted: true };
      if (claim.held !== undefined) {
        await worksOf(stores, holder.kind).say(holder.id, claim.held);
        return { granted: false, ahead: claim.ahead, sentence: claim.held };
      }
      const taken = places === 1 ? 'The one place is' : `All ${places} places are`;
      const sentence = `${taken} taken; ${claim.ahead === 0 ? 'it is next' : `${claim.ahead} ahead of it`}.`;
      await worksOf(stores, holder.kind).say(holder.id, sentence);
      return { granted: false, ahead: claim.ahead, sentence };
    },

    /** Safe to retry: freeing what is free does nothing, and a wake-up too many only makes somebody ask again. */
    async freePlace(holder: Holder): Promise<void> {
      const waiting = await stores.places.free(holder);
      // One place, one wake-up; should it be lost, or two be freed at once, reconcile wakes whoever there is room for.
      for (const next of waiting.slice(0, 1)) await work.wake(next);
      if (dependencies.workspaceLimits.machines === null) return;
      // What was held back by a limit over all clouds may wait in another one.
      const elsewhere = (await stores.places.list()).find(
        ({ granted_at_ms: granted, holder_id: id }) => granted === null && !waiting.some((each) => each.id === id),
      );
      if (elsewhere) await work.wake({ kind: elsewhere.holder_kind, id: elsewhere.holder_id });
    },
  };
}
