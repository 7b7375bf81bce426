import { randomUUID } from 'node:crypto';
import { compareLedger } from '../../../activities/reconcile/compare-ledger.ts';
import { placeFreer } from '../../../activities/reconcile/free-places.ts';
import { bucketNameOf, type Holder, machineNameOf } from '../../../domain/ids.ts';
import { SimulatedCloud } from '../../clouds/simulated-cloud.ts';
import { madeModel } from '../dependencies.ts';
import { dollarASecond, type Ground, openGround } from '../ground.ts';

class Yard extends SimulatedCloud {
  room = 4;
  constructor() {
    super({ script: () => async (actor) => actor.gone, pricePerHourMicros: dollarASecond });
  }
  override async places() {
    return this.room;
  }
}

let ground: Ground<Yard>;
beforeEach(async () => {
  ground = await openGround({ cloud: new Yard() });
});
afterEach(() => ground.close());

const compare = () => compareLedger(ground.dependencies, ground.cloud);
const there = async () => (await ground.cloud.list()).map(({ kind, name }) => `${kind} ${name}`).toSorted();
const thingsOf = (holder: Holder) =>
  [`bucket ${bucketNameOf(holder)}`, `signals ${bucketNameOf(holder)}`].concat(
    `machine ${machineNameOf({ ...holder, attempt: 1 })}`,
  );
const ledgerOf = async (holder: Holder) =>
  (await ground.dependencies.stores.resources.ofHolder(holder)).map((row) => row.state);

async function trained(): Promise<Holder> {
  const holder = await ground.jobIn('training');
  await ground.machineFor(holder);
  return holder;
}

/** Done by the database, though something of it is still there. */
async function done(holder: Holder): Promise<void> {
  const { jobs } = ground.dependencies.stores;
  await jobs.enterPhase(holder.id, 'releasing', '', 1);
  await jobs.close(holder.id, { outcome: 'cancelled', reason: 'x', nowMs: Date.now() });
}

describe('comparing the ledger with what there is', () => {
  test('takes away what belongs to somebody who is done, and only reports what nobody knows', async () => {
    const working = await trained();
    const finished = await trained();
    await done(finished);
    const nobody: Holder = { kind: 'job', id: randomUUID() };
    await ground.cloud.createBucket(ground.labelsOf(nobody));
    const report = await compare();
    const unknown = `bucket ${bucketNameOf(nobody)}`;
    const left = [...thingsOf(working), unknown].toSorted();
    expect(report).toMatchObject({ found: 7, onlyReported: false, unknown: [{ name: bucketNameOf(nobody) }] });
    expect(report.orphans.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual(thingsOf(finished).toSorted());
    expect(await there()).toEqual(left);
    expect((await compare()).orphans).toEqual([]);
    expect(await there()).toEqual(left);
  });

  test('removes the machine of the attempt that it belongs to', async () => {
    const holder = await ground.jobIn('training');
    await ground.machineFor(holder, 3);
    await done(holder);
    await compare();
    expect(await there()).toEqual([]);
  });

  test('never touches what another installation made', async () => {
    await trained();
    const foreign: Holder = { kind: 'job', id: randomUUID() };
    await ground.cloud.createBucket({ ...ground.labelsOf(foreign), installationId: randomUUID() });
    expect(await compare()).toMatchObject({ found: 3, orphans: [] });
    expect(await there()).toContain(`bucket ${bucketNameOf(foreign)}`);
  });

  test('only reports while the ledger is empty: it cannot know what is nobody’s', async () => {
    const lost: Holder = { kind: 'job', id: randomUUID() };
    await ground.cloud.createBucket(ground.labelsOf(lost));
    expect(await compare()).toMatchObject({ onlyReported: true, unknown: [{ name: bucketNameOf(lost) }] });
    expect(await there()).toEqual([`bucket ${bucketNameOf(lost)}`]);
  });

  test('only reports after the database was put back from a copy', async () => {
    const { stores } = ground.dependencies;
    const finished = await trained();
    await done(finished);
    await stores.installation.markRestored(Date.now());
    expect(await compare()).toMatchObject({ onlyReported: true });
    expect(await there()).toHaveLength(3);
    expect(await ledgerOf(finished)).toEqual(['created', 'created', 'created']);
    await stores.installation.markRestored(null);
    expect(await compare()).toMatchObject({ onlyReported: false });
    expect(await there()).toEqual([]);
  });

  test('strikes off what is gone of somebody who is done, at the time at which the cloud saw it end', async () => {
    const holder = await trained();
    const ref = { ...holder, attempt: 1 };
    const machine = ground.cloud.machines.get(machineNameOf(ref));
    await ground.cloud.removeBucket(holder);
    await ground.cloud.removeSignals(holder);
    ground.cloud.lookAtMachine = async () => ({ ...(machine?.seen ?? ({} as never)), state: 'absent', endedAtMs: 77 });
    await ground.cloud.removeMachine(ref);
    await compare();
    expect(await ledgerOf(holder)).toEqual(['created', 'created', 'created']);
    await done(holder);
    await compare();
    await compare();
    expect(await ledgerOf(holder)).toEqual(['gone', 'gone', 'gone']);
    const row = await ground.dependencies.stores.resources.get({ holder, kind: 'machine', attempt: 1 });
    expect(row?.ended_at_ms).toBe(77);
  });

  test('goes on with the others when one cannot be removed, the machine first and the bucket last', async () => {
    const [one, other] = [await trained(), await trained()];
    await done(one);
    await done(other);
    const removed: string[] = [];
    const { removeBucket, removeSignals, removeMachine } = ground.cloud;
    ground.cloud.removeSignals = async (holder) => {
      removed.push('signals');
      if (holder.id === one.id) throw new Error('Google did not do it.');
      await removeSignals.call(ground.cloud, holder);
    };
    ground.cloud.removeMachine = async (ref) => {
      removed.push('machine');
      return removeMachine.call(ground.cloud, ref);
    };
    ground.cloud.removeBucket = async (holder) => {
      removed.push('bucket');
      await removeBucket.call(ground.cloud, holder);
    };
    const { problems } = await compare();
    expect(problems.map(({ name }) => name)).toEqual([`signals ${bucketNameOf(one)}`]);
    expect(removed).toEqual(['machine', 'machine', 'signals', 'signals', 'bucket', 'bucket']);
    expect(await there()).toEqual([`signals ${bucketNameOf(one)}`]);
    // The ledger is not kept from being put right, either.
    expect((await compare()).problems).toHaveLength(1);
    expect(await ledgerOf(other)).toEqual(['gone', 'gone', 'gone']);
  });

  test('strikes off the others when the cloud cannot say of one machine when it ended', async () => {
    const [one, other] = [await trained(), await trained()];
    for (const holder of [one, other]) {
      await ground.cloud.removeMachine({ ...holder, attempt: 1 });
      await ground.cloud.removeSignals(holder);
      await ground.cloud.removeBucket(holder);
      await done(holder);
    }
    const { lookAtMachine } = ground.cloud;
    ground.cloud.lookAtMachine = async (ref) => {
      if (ref.id === one.id) throw new Error('Google did not say.');
      return lookAtMachine.call(ground.cloud, ref);
    };
    expect((await compare()).problems).toHaveLength(1);
    expect(await ledgerOf(one)).toEqual(expect.arrayContaining(['created', 'gone', 'gone']));
    expect(await ledgerOf(other)).toEqual(['gone', 'gone', 'gone']);
  });
});

describe('the cost of a machine that was found too late', () => {
  const fromMs = 1_800_000_000_000;
  const times = { startedAtMs: fromMs, endedAtMs: fromMs + 30_000 };
  const costOf = async ({ id }: Holder) => (await ground.dependencies.stores.jobs.find(id))?.cost_micros;
  const intended = async () => {
    const holder = await ground.jobIn('training');
    await ground.dependencies.stores.resources.intend({
      ...{ holder, kind: 'machine', attempt: 1, name: machineNameOf({ ...holder, attempt: 1 }) },
      ...{ cloud: ground.cloud.name, pricePerHourMicros: dollarASecond, nowMs: fromMs - 1000 },
    });
    return holder;
  };
  const keyOf = (holder: Holder) => ({ holder, kind: 'machine' as const, attempt: 1 });
  const calledGone = async () => {
    const holder = await intended();
    const atMs = fromMs - 500;
    await ground.dependencies.stores.resources.gone(keyOf(holder), { confirmedAtMs: atMs, endedAtMs: atMs });
    return holder;
  };
  const land = async (holder: Holder) => {
    await ground.cloud.createBucket(ground.labelsOf(holder));
    const order = { type: 'sim-2', spot: false, engine: 'sklearn', endsAtMs: fromMs + 60_000, deadlineAtMs: fromMs };
    await ground.cloud.createMachine({ ...holder, attempt: 1, labels: ground.labelsOf(holder), ...order });
  };

  test('is counted when it landed after it was called gone, and stands in the report', async () => {
    const { stores, store } = ground.dependencies;
    const holder = await calledGone();
    const key = keyOf(holder);
    const model = await madeModel(ground.dependencies, { job_id: holder.id });
    await store.putText(`models/${model.id}/report.json`, model.report_json);
    await done(holder);
    await land(holder);
    const { removeMachine } = ground.cloud;
    ground.cloud.removeMachine = async (ref) => ({ ...(await removeMachine.call(ground.cloud, ref)), ...times });
    expect((await compare()).problems).toEqual([]);
    expect(await costOf(holder)).toBe(30_000_000);
    const report = JSON.parse((await store.readText(`models/${model.id}/report.json`)) ?? '{}');
    expect(report.cost).toMatchObject({ micros: 30_000_000, isFinal: true });
    expect(await stores.resources.get(key)).toMatchObject({ started_at_ms: fromMs, ended_at_ms: fromMs + 30_000 });
  });

  test('is counted by the next pass when we die right after its removal, before its times are kept', async () => {
    const { stores } = ground.dependencies;
    const holder = await calledGone();
    const key = keyOf(holder);
    await done(holder);
    await land(holder);
    const { removeMachine } = ground.cloud;
    ground.cloud.removeMachine = async (ref) => {
      await removeMachine.call(ground.cloud, ref);
      throw new Error('The process died here.');
    };
    expect((await compare()).problems).toHaveLength(1);
    expect(await stores.resources.get(key)).toMatchObject({ state: 'created' });
    expect(await stores.resources.intend({ ...key, name: 'x', cloud: 'x', pricePerHourMicros: 1, nowMs: 1 })).toBe(
      'revoked',
    );
    ground.cloud.lookAtMachine = async () => ({ ...times, name: '', state: 'absent', endedBecause: null });
    await compare();
    expect(await costOf(holder)).toBe(30_000_000);
    expect(await ledgerOf(holder)).toEqual(['gone']);
  });

  test('is counted from when it was intended where the cloud has forgotten it', async () => {
    const { stores } = ground.dependencies;
    const holder = await intended();
    const key = keyOf(holder);
    await stores.resources.created(key, { startedAtMs: null });
    await done(holder);
    const absent = { name: '', state: 'absent', endedBecause: null } as const;
    ground.cloud.lookAtMachine = async () => ({ ...absent, startedAtMs: null, endedAtMs: times.endedAtMs });
    await compare();
    expect(await costOf(holder)).toBe(31_000_000);
  });

  test('is counted when its row says only that it was intended', async () => {
    const holder = await intended();
    await done(holder);
    ground.cloud.lookAtMachine = async () => ({ ...times, name: '', state: 'absent', endedBecause: 'expired' });
    await compare();
    expect(await costOf(holder)).toBe(30_000_000);
    expect(await ledgerOf(holder)).toEqual(['gone']);
  });

  test('is nothing when it never came', async () => {
    const holder = await intended();
    await done(holder);
    await compare();
    expect(await costOf(holder)).toBe(0);
  });
});

describe('freeing places', () => {
  const claim = (holder: Holder) => ground.activities.claimPlace({ ...holder, cloud: 'local' });
  let freePlaces: ReturnType<typeof placeFreer>;
  beforeEach(() => {
    freePlaces = placeFreer(ground.dependencies);
  });
  const free = () => freePlaces(ground.cloud);
  const waiting = async () => {
    const { holder, spec } = await ground.accept();
    await ground.work.startJob(spec);
    await claim(holder);
    return holder;
  };
  /** In the queue, and has not come for its place yet. */
  const asking = async (given?: Holder) => {
    const holder = given ?? (await waiting());
    await ground.dependencies.stores.places.free(holder);
    await ground.dependencies.stores.places.ask({ holder, workspaceId: 'default', cloud: 'local', nowMs: Date.now() });
    return holder;
  };

  test('gives back what its owner left, and wakes who has room now, first come first', async () => {
    ground.cloud.room = 1;
    const [holds, first, second] = [await waiting(), await waiting(), await waiting()];
    await done(holds);
    await free();
    expect((await ground.dependencies.stores.places.list()).map((place) => place.holder_id)).not.toContain(holds.id);
    expect(ground.work.of(first)?.signals).toEqual(['wake']);
    expect(ground.work.of(second)?.signals).toEqual([]);
  });

  test('wakes nobody while there is no room, and everybody for whom there is', async () => {
    ground.cloud.room = 1;
    const [, first, second] = [await waiting(), await waiting(), await waiting()];
    await free();
    expect(ground.work.of(first)?.signals).toEqual([]);
    ground.cloud.room = 3;
    await free();
    expect([ground.work.of(first)?.signals, ground.work.of(second)?.signals]).toEqual([['wake'], ['wake']]);
    expect(await claim(second)).toMatchObject({ granted: true });
  });

  test('wakes one that does not take its place ever more seldom: every wake-up is history for ever', async () => {
    ground.cloud.room = 1;
    const stuck = await asking();
    const wakes = () => ground.work.of(stuck)?.signals.length ?? 0;
    const beginMs = Date.now();
    const wokenAfter: number[] = [];
    for (let second = 0; second < 86_400; second += 30) {
      ground.clock.atMs = beginMs + second * 1000;
      const before = wakes();
      await free();
      if (wakes() > before) wokenAfter.push(second);
    }
    expect(wokenAfter.slice(0, 5)).toEqual([0, 60, 180, 420, 900]);
    expect(wakes()).toBeLessThan(32);
  });

  test('begins anew with one that had its place in between', async () => {
    ground.cloud.room = 1;
    const holder = await asking();
    await free();
    await free();
    expect(ground.work.of(holder)?.signals).toEqual(['wake']);
    await claim(holder);
    await free();
    await asking(holder);
    await free();
    expect(ground.work.of(holder)?.signals).toEqual(['wake', 'wake']);
  });

  test('leaves the place of somebody at work alone', async () => {
    const holder = await waiting();
    await free();
    await free();
    expect(await claim(holder)).toEqual({ granted: true });
  });
});
