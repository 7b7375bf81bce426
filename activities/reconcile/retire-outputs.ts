import type { Dependencies } from '../dependencies.ts';

/** What predictions left, when it was kept for as long as the settings say: the files first, then the row forgets them. */
export async function retireOutputs({ stores, store, predictionRetentionMs, now }: Dependencies): Promise<void> {
  if (!Number.isFinite(predictionRetentionMs)) return;
  for (const { id, attempt } of await stores.predictions.withOutputDoneBefore(now() - predictionRetentionMs)) {
    const holder = { kind: 'prediction', id } as const;
    const text = 'Its output was kept for its time and has been removed.';
    for (const object of await store.list(`predictions/${id}/`)) await store.remove(object);
    await stores.database.transaction(async (trx) => {
      await stores.predictions.forgetOutput(id, trx);
      await stores.timeline.add({ holder, kind: 'note', attempt, text, dedupeKey: 'output-retired', atMs: now() }, trx);
    });
  }
}
