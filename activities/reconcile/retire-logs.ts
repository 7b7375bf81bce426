import { logFolderOf } from '../../infra/object-names.ts';
import type { Dependencies } from '../dependencies.ts';

/** Logs have a retention of their own: when it is over their files go first, then their rows, then their owner says so. */
export async function retireLogs(dependencies: Dependencies): Promise<void> {
  const { stores, store, logRetentionMs, now } = dependencies;
  if (!Number.isFinite(logRetentionMs)) return;
  const beforeMs = now() - logRetentionMs;
  for (const job of await stores.jobs.withLogDoneBefore(beforeMs)) {
    const holder = { kind: 'job', id: job.id } as const;
    for (const object of await store.list(logFolderOf(holder))) await store.remove(object);
    await stores.log.deleteAll(holder);
    await stores.jobs.markLogDeleted(job.workspace_id, job.id, now());
  }
  for (const id of await stores.log.predictionsDoneBefore(beforeMs)) {
    const holder = { kind: 'prediction', id } as const;
    const attempt = (await stores.predictions.find(id))?.attempt ?? 0;
    const text = 'Its log was kept for its time and has been removed.';
    for (const object of await store.list(logFolderOf(holder))) await store.remove(object);
    // Both or none: once its lines are gone, nobody finds it here again.
    await stores.database.transaction(async (trx) => {
      await stores.log.deleteAll(holder, trx);
      await stores.timeline.add({ holder, kind: 'note', attempt, text, dedupeKey: 'log-retired', atMs: now() }, trx);
    });
  }
}
