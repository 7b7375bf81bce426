import { worksOf } from '../holders.ts';
import type { ResourceRow } from '../../db/tables.ts';
import type { Cloud, Thing } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
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
}

/** Compares the ledger with the cloud's own listing and takes away what belongs to nobody any more. */
export async function compareLedger(dependencies: Dependencies, cloud: Cloud): Promise<LedgerReport> {
  const { stores, installationId, now } = dependencies;
  const things = (await cloud.list()).filter((thing) => thing.labels.installationId === installationId);
  const live = (await stores.resources.live()).filter((row) => row.cloud === cloud.name);
  const { orphans, unknown } = await nobodys(stores, things);
  const installation = await stores.installation.get();
  const ledgerKnowsNothing = things.length > 0 && (await stores.resources.isEmpty());
  const onlyReported = ledgerKnowsNothing || (installation?.restored_at_ms ?? null) !== null;
  if (!onlyReported) {
    for (const thing of orphans) await remove(cloud, thing);
    await strikeOff(live, things, dependencies, cloud, now());
  }
  return { found: things.length, orphans, unknown, onlyReported };
}

async function remove(cloud: Cloud, { kind, labels, attempt }: Thing): Promise<void> {
  const holder = { kind: labels.kind, id: labels.id };
  if (kind === 'machine') await cloud.removeMachine({ ...holder, attempt: attempt ?? 1 });
  else if (kind === 'signals') await cloud.removeSignals(holder);
  else await cloud.removeBucket(holder);
}

/** Ledger rows of holders that are done and that the cloud no longer lists: confirmed gone, so they are struck off. */
async function strikeOff(
  live: ResourceRow[],
  things: Thing[],
  { stores }: Dependencies,
  cloud: Cloud,
  nowMs: number,
): Promise<void> {
  for (const row of live) {
    const holder = { kind: row.holder_kind, id: row.holder_id };
    const work = await worksOf(stores, holder.kind).find(holder.id);
    if (work && work.phase !== 'done') continue;
    if (things.some((thing) => thing.kind === row.kind && thing.name === row.name)) continue;
    const seen = row.kind === 'machine' ? await cloud.lookAtMachine({ ...holder, attempt: row.attempt }) : undefined;
    await stores.resources.gone(
      { holder, kind: row.kind, attempt: row.attempt },
      { confirmedAtMs: nowMs, endedAtMs: seen?.endedAtMs ?? nowMs },
    );
  }
}
