import { bucketNameOf, type Holder } from '../domain/ids.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Cloud } from '../infra/cloud.ts';
import { tellingTrouble } from './cloud-trouble.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudFreeing, cloudOf, type Freeing, labelsOf } from './holders.ts';
import { sayingIn } from './platform-log.ts';

/** The bucket and the signal channel of a holder: made before its machine, gone after it. */
export function houseActivities(dependencies: Dependencies) {
  const { stores, now } = dependencies;

  const revoked = (kind: string) => new TrainyardError('CreateRevoked', `The ${kind} is already being taken down.`);

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
    if (intended === 'revoked') throw revoked(kind);
    const labels = labelsOf(dependencies, work);
    await tellingTrouble(dependencies, holder, async () => {
      if (kind === 'bucket') await cloud.createBucket(labels);
      else await sayingIn(dependencies, holder, (say) => cloud.createSignals(labels, say));
    });
    if (await stores.resources.created(key, { startedAtMs: now() })) return;
    // Confirmed gone while it was still being made: what came after all must go again.
    await take(cloud, holder, kind);
    throw revoked(kind);
  };

  const take = (cloud: Cloud, holder: Holder, kind: 'bucket' | 'signals') =>
    kind === 'bucket'
      ? cloud.removeBucket(holder)
      : sayingIn(dependencies, holder, (say) => cloud.removeSignals(holder, say));

  const remove = async (request: Freeing, kind: 'bucket' | 'signals') => {
    const cloud = await cloudFreeing(dependencies, request);
    const holder = bare(request);
    const key = { holder, kind, attempt: 0 };
    await stores.resources.removalAsked({ ...key, name: bucketNameOf(holder), cloud: cloud.name, nowMs: now() });
    try {
      await take(cloud, holder, kind);
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
    removeBucket: (request: Freeing) => remove(request, 'bucket'),
    /** Safe to retry: the ledger row and the channel are found again. */
    createSignals: (holder: Holder) => create(bare(holder), 'signals'),
    /** Safe to retry: as removeBucket. */
    removeSignals: (request: Freeing) => remove(request, 'signals'),
  };
}
