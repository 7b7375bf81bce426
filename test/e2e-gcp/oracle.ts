import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bucketNameOf, type HolderKind, machineNameOf } from '../../domain/ids.ts';
import { totalCost } from '../../domain/money.ts';
import { accountIdOf } from '../../infra/gcp/names.ts';
import type { AuditEntry } from '../cloud-sim/gcp/audit.ts';
import type { JobView } from '../e2e/api.ts';
import { whatIsLeft } from '../e2e/what-is-left.ts';
import { yardDatabase } from '../e2e/yard-database.ts';
import { asOwner } from './in-google.ts';
import { type GoogleYard, zones } from './open-google-yard.ts';

export interface RightEnd {
  outcome: string;
  attempt?: number;
  /** Part of the sentence that a person reads. */
  reason?: RegExp;
  seconds?: number;
  /** Whether it leaves a model: one that succeeded does, unless said otherwise. */
  hasModel?: boolean;
}

/** What every case ends in: the right outcome, its model or none, a true cost, and nothing left anywhere. */
export async function checkEnd(opened: GoogleYard, id: string, right: RightEnd): Promise<JobView> {
  const { outcome, attempt, reason, seconds = 120, hasModel = outcome === 'succeeded' } = right;
  const view = await opened.api.done(id, seconds);
  // With the sentence in any case: it says what went wrong instead.
  expect({ outcome: view.outcome, attempt: view.attempt, reason: view.reason }).toEqual({
    outcome,
    attempt: attempt ?? view.attempt,
    reason: reason ? expect.stringMatching(reason) : expect.any(String),
  });
  const { status } = await opened.api.ask(`/jobs/${id}/model`);
  expect({ model: status }).toEqual({ model: hasModel ? 200 : 404 });
  await checkNothingIsLeft(opened, { kind: 'job', id });
  await checkCost(opened, { kind: 'job', id });
  return view;
}

export async function checkNothingIsLeft(
  { google, yard }: GoogleYard,
  { kind, id }: { kind: HolderKind; id: string },
): Promise<void> {
  const account = accountIdOf({ id }, yardDatabase(yard.dataFolder).installationId());
  const ofIt = ({ name }: AuditEntry) => name.includes(id) || name.includes(account);
  const entries = (await google.audit()).filter(ofIt);
  const left = (await google.leftOvers()).filter(ofIt).map((entry) => `Google: ${entry.kind} ${entry.name}`);
  const folder = join(yard.dataFolder, 'terraform', bucketNameOf({ kind, id }));
  if (existsSync(folder)) left.push(`Terraform's folder ${folder}`);
  // What jobs beside it have in hand is looked at when all have come to their end.
  expect([...left, ...whatIsLeft(yard.dataFolder, [id], Number.POSITIVE_INFINITY)]).toEqual([]);
  // Of an account that is looked for by a name that it has not, nothing would ever be left.
  const madeMachines = entries.some((entry) => entry.kind === 'instance');
  expect(entries.some(({ kind: what, name }) => what === 'service-account' && name.includes(account))).toBe(
    madeMachines || entries.some((entry) => entry.kind === 'service-account'),
  );
}

/** What happened, and Google's account of it, are written one after the other. */
const aMomentMs = 1500;
/** One that removes itself is switched off first. */
const takenDownWithinMs = 6000;

/** Final, from the cloud's own intervals: those that its audit log tells of. */
export async function checkCost(
  { google, yard }: Pick<GoogleYard, 'google' | 'yard'>,
  { kind, id }: { kind: HolderKind; id: string },
): Promise<void> {
  const database = yardDatabase(yard.dataFolder);
  const row = kind === 'job' ? database.job(id) : database.prediction(id);
  const machines = database.machines(id);
  const intervals = machines
    .filter(({ started_at_ms }) => started_at_ms !== null)
    .map((one) => ({
      pricePerHourMicros: one.price_per_hour_micros,
      fromMs: one.started_at_ms ?? 0,
      toMs: one.ended_at_ms,
      leastSeconds: one.billed_at_least_seconds,
    }));
  expect({ cost: row?.cost_micros, isFinal: row?.cost_is_final }).toEqual({
    cost: totalCost(intervals, Date.now()),
    isFinal: 1,
  });
  const audit = (await google.audit()).filter((entry) => entry.kind === 'instance' && entry.name.includes(id));
  for (const { attempt, started_at_ms, ended_at_ms } of machines) {
    const name = machineNameOf({ kind, id, attempt });
    const of = audit.filter((entry) => entry.name.endsWith(`/${name}`));
    const [made, gone] = [of.find(({ act }) => act === 'created'), of.findLast(({ act }) => act === 'deleted')];
    if (!made || !gone) continue;
    const { askedAtMs, offAtMs } = await operationsOn({ google }, name);
    // From when it was asked for, should Google have taken its time.
    expect(started_at_ms).toBeGreaterThan(Math.min(askedAtMs, made.atMs) - aMomentMs);
    expect(started_at_ms).toBeLessThan(made.atMs + aMomentMs);
    // One that turned itself off costs nothing more, whenever it is deleted.
    expect(ended_at_ms).toBeGreaterThan(Math.min(offAtMs, gone.atMs - takenDownWithinMs) - aMomentMs);
    expect(ended_at_ms).toBeLessThan(gone.atMs + aMomentMs);
  }
  const stood = new Set(audit.map(({ name }) => name)).size;
  expect(intervals).toHaveLength(stood);
}

/** When Google was asked for a machine, and when that turned itself off, if it did: by its operations. */
async function operationsOn({ google }: Pick<GoogleYard, 'google'>, name: string) {
  const owner = await asOwner({ google });
  const lists = await Promise.all(
    zones.map((zone) => owner('GET', `/compute/v1/projects/${google.project}/zones/${zone}/operations`)),
  );
  const all = lists.flatMap(({ body }) => (body['items'] ?? []) as Record<string, string>[]);
  const of = (type: string) =>
    all
      .filter(({ operationType, targetLink = '' }) => operationType === type && targetLink.endsWith(`/${name}`))
      .map(({ insertTime = '' }) => Date.parse(insertTime));
  return {
    askedAtMs: Math.min(...of('insert')),
    offAtMs: Math.min(...of('compute.instances.guestTerminate')),
  };
}

/** After all: not one thing of the whole project, but the role that it had before. */
export async function checkEmptyProject({ google, yard, lastKillAtMs }: GoogleYard): Promise<void> {
  const left = (await google.leftOvers()).filter(({ kind }) => kind !== 'role');
  expect(left).toEqual([]);
  expect(yardDatabase(yard.dataFolder).standing()).toEqual([]);
  expect(yardDatabase(yard.dataFolder).places()).toEqual([]);
  expect(await google.admin.ask('instances', {})).toEqual([]);
  expect(whatIsLeft(yard.dataFolder, [], lastKillAtMs)).toEqual([]);
}
