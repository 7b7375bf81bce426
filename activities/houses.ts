import { bucketNameOf, type Holder } from '../domain/ids.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf, labelsOf } from './holders.ts';

/** The bucket and the signal channel of a holder: made before its machine, gone after it. */
export function houseActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;

  const create = async (holder: Holder, kind: 'bucket' | 'signals') => {
    const { cloud, work } = await cloudOf(dependencies, holder);
    const key = { holder, kind, attempt: 0 };
    const intended = await stores.resources.intend({
      ...key,
      name: bucketNameOf(holder),
      cloud: cloud.name,
      pricePerHourMicros: 0,
      nowMs: now(),
    });
    if (intended === 'revoked') throw new TrainyardError('CreateRevoked', `The ${kind} is already being taken down.`);
    const labels = labelsOf(dependencies, work);
    if (kind === 'bucket') await cloud.createBucket(labels);
    else await cloud.createSignals(labels);
    await stores.resources.created(key, { startedAtMs: now() });
  };

  const remove = async (holder: Holder, kind: 'bucket' | 'signals') => {
    const { cloud } = await cloudOf(dependencies, holder);
    const key = { holder, kind, attempt: 0 };
    await stores.resources.removalAsked({ ...key, name: bucketNameOf(holder), cloud: cloud.name, nowMs: now() });
    try {
      if (kind === 'bucket') await cloud.removeBucket(holder);
      else await cloud.removeSignals(holder);
    } catch (error) {
      await stores.resources.problem(key, error instanceof Error ? error.message : String(error));
      throw error;
    }
    await stores.resources.gone(key, { confirmedAtMs: now(), endedAtMs: now() });
  };

  const bare = (holder: Holder): Holder => ({ kind: holder.kind, id: holder.id });
  return {
    /** Safe to retry: the ledger row and the bucket are found again. */
    createBucket: (holder: Holder) => create(bare(holder), 'bucket'),
    /** Safe to retry: removing what is gone does nothing, and the tombstone refuses a create that comes later. */
    removeBucket: (holder: Holder) => remove(bare(holder), 'bucket'),
    /** Safe to retry: the ledger row and the channel are found again. */
    createSignals: (holder: Holder) => create(bare(holder), 'signals'),
    /** Safe to retry: as removeBucket. */
    removeSignals: (holder: Holder) => remove(bare(holder), 'signals'),
  };
}
