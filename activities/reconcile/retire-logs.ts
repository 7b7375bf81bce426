import type { Dependencies } from '../dependencies.ts';

/** Logs have a retention of their own: when it is over their files go first, then their rows, then the job says so. */
export async function retireLogs({ stores, store, logRetentionMs, now }: Dependencies): Promise<void> {
  for (const job of await stores.jobs.withLogDoneBefore(now() - logRetentionMs)) {
    const holder = { kind: 'job', id: job.id } as const;
    for (const { object } of await stores.log.chunks(holder)) await store.remove(object);
    await stores.log.deleteAll(holder);
    await stores.jobs.markLogDeleted(job.workspace_id, job.id, now());
  }
}
