import { worksOf } from '../holders.ts';
import { startOf } from '../../db/stores/resource-store.ts';
import type { ResourceRow } from '../../db/tables.ts';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import type { Cloud, MachineSeen, Thing } from '../../infra/cloud.ts';
import { finalCost } from '../costs.ts';
import type { Dependencies } from '../dependencies.ts';
import { reportFinalCost } from '../report-cost.ts';
import { nobodys } from './orphans.ts';

export interface LedgerReport {
  /** Things of this installation that exist in the cloud now. */
  found: number;
  /** Things that should not exist: their holder is done. */
  orphans: Thing[];
  /**
   * Things of holders that the database does not know. Rows are never taken away, so this is what a database put back
   * from a copy looks like: they may well be at work, and have an end of their own. They are reported, not removed.
   */
  unknown: Thing[];
  /** True when orphans were only reported: the ledger is empty or was restored, so it cannot say what is nobody's. */
  onlyReported: boolean;
  /** What could not be removed or struck off in this pass, and why; it kept nothing else from going. */
  problems: { name: string; error: unknown }[];
}

/** What costs goes first; a bucket holds what is known of its signals, so it goes last. */
const order: Thing['kind'][] = ['machine', 'signals', 'bucket'];

/** Compares the ledger with the cloud's own listing and takes away what belongs to nobody any more. */
export async function compareLedger(dependencies: Dependencies, cloud: Cloud): Promise<LedgerReport> {
  const { stores, installationId } = dependencies;
  const things = (await cloud.list()).filter((thing) => thing.labels.installationId === installationId);
  const live = (await stores.resources.live()).filter((row) => row.cloud === cloud.name);
  const { orphans, unknown } = await nobodys(stores, things);
  const installation = await stores.installation.get();
  const ledgerKnowsNothing = things.length > 0 && (await stores.resources.isEmpty());
  const onlyReported = ledgerKnowsNothing || (installation?.restored_at_ms ?? null) !== null;
  const problems: LedgerReport['problems'] = [];
  const trying = async (name: string, act: () => Promise<void>) => {
    await act().catch((error: unknown) => problems.push({ name, error }));
  };
  if (!onlyReported) {
    const first = (thing: Thing) => order.indexOf(thing.kind);
    for (const thing of orphans.toSorted((a, b) => first(a) - first(b))) {
      await trying(`${thing.kind} ${thing.name}`, () => remove(dependencies, cloud, thing));
    }
    for (const row of live) {
      if (things.some((thing) => thing.kind === row.kind && thing.name === row.name)) continue;
      await trying(`${row.kind} ${row.name}`, () => strikeOff(dependencies, cloud, row));
    }
  }
  return { found: things.length, orphans, unknown, onlyReported, problems };
}

async function remove(dependencies: Dependencies, cloud: Cloud, thing: Thing): Promise<void> {
  const holder = { kind: thing.labels.kind, id: thing.labels.id };
  if (thing.kind === 'signals') return cloud.removeSignals(holder);
  if (thing.kind === 'bucket') return cloud.removeBucket(holder);
  const ref = { ...holder, attempt: thing.attempt ?? 1 };
  const { stores, now } = dependencies;
  // Whoever comes after a crash finds it in the ledger, where it is no longer in the listing.
  await stores.resources.stands({ holder, kind: 'machine', attempt: ref.attempt }, { nowMs: now() });
  const seen = await cloud.removeMachine(ref);
  // It was there, so it was paid for, also where the cloud has no more to tell of it.
  const startedAtMs = seen.startedAtMs ?? thing.createdAtMs;
  await countLife(dependencies, ref, { startedAtMs, endedAtMs: seen.endedAtMs ?? now() });
}

/** A row of a holder that is done, and that the cloud no longer lists: confirmed gone, so it is struck off. */
async function strikeOff(dependencies: Dependencies, cloud: Cloud, row: ResourceRow): Promise<void> {
  const { stores, now } = dependencies;
  const holder = { kind: row.holder_kind, id: row.holder_id };
  const work = await worksOf(stores, holder.kind).find(holder.id);
  if (work && work.phase !== 'done') return;
  if (row.kind === 'machine') {
    const ref = { ...holder, attempt: row.attempt };
    const { startedAtMs, endedAtMs } = await cloud.lookAtMachine(ref);
    await countLife(dependencies, ref, { startedAtMs: startedAtMs ?? startOf(row), endedAtMs: endedAtMs ?? now() });
  } else {
    const key = { holder, kind: row.kind, attempt: row.attempt };
    await stores.resources.gone(key, { confirmedAtMs: now(), endedAtMs: now() });
  }
}

/** When a machine lived that was found too late for the cost that was counted when its holder was done. */
async function countLife(
  dependencies: Dependencies,
  ref: AttemptRef,
  times: Pick<MachineSeen, 'startedAtMs' | 'endedAtMs'>,
): Promise<void> {
  const { stores, now } = dependencies;
  const holder: Holder = { kind: ref.kind, id: ref.id };
  const key = { holder, kind: 'machine' as const, attempt: ref.attempt };
  await stores.resources.lived(key, times);
  if ((await worksOf(stores, holder.kind).find(holder.id))?.phase === 'done') {
    await finalCost(dependencies, holder);
    if (holder.kind === 'job') await reportFinalCost(dependencies, holder.id);
  }
  // Last: until then it is found again by whoever comes after a crash.
  await stores.resources.gone(key, { confirmedAtMs: now(), ...times });
}
