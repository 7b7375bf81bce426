import { type Holder, machineNameOf } from '../../domain/ids.ts';
import { dollars } from '../../domain/money.ts';
import { tailLines } from '../db/tail-lines.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { dollarASecond, type Ground, openGround } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  const cloud = new SimulatedCloud({ script: () => async (actor) => actor.gone, pricePerHourMicros: dollarASecond });
  ground = await openGround({ cloud });
});
afterAll(() => ground.close());

const rowOf = async ({ id }: Holder) => ground.dependencies.stores.jobs.find(id);
const timelineOf = async (holder: Holder) =>
  (await ground.dependencies.stores.timeline.list(holder)).map(({ kind, text }) => `${kind}: ${text}`);
const linesOf = async (holder: Holder) =>
  (await tailLines(ground.dependencies.stores.database, holder)).map(({ stream, text }) => `${stream} ${text}`);
const ending = { outcome: 'failed', reason: 'It went wrong.', failureType: 'Bug' } as const;

test('a plan names the queues, notes once that the work has begun, and can be asked for again', async () => {
  const { holder } = await ground.accept();
  const ask = () => ground.activities.planWork({ ...holder, cloud: 'local', type: 'local' });
  ground.clock.atMs = 1_790_000_000_000;
  const plan = await ask();
  ground.clock.atMs += 5000;
  expect(await ask()).toEqual(plan);
  ground.clock.atMs = undefined;
  expect(plan).toEqual({ cloud: 'local', queues: expect.objectContaining({ relays: 'trainyard-relays' }) });
  expect(await rowOf(holder)).toMatchObject({ started_at_ms: 1_790_000_000_000, phase: 'queued' });
});

test('a plan for a cloud that this worker does not reach says which it reaches', async () => {
  const { holder } = await ground.accept();
  await expect(ground.activities.planWork({ ...holder, cloud: 'gcp', type: 'x' })).rejects.toMatchObject({
    type: 'CloudUnavailable',
    message: expect.stringContaining('it has: local'),
  });
});

test('what is to be released are all attempts, also one that was entered and had no machine yet', async () => {
  const { holder: queued } = await ground.accept();
  expect((await ground.activities.planRelease(queued)).attempts).toEqual([]);
  const holder = await ground.jobIn('provisioning');
  await ground.machineFor(holder);
  await ground.dependencies.stores.jobs.enterPhase(holder.id, 'training', '', 1);
  await ground.dependencies.stores.jobs.enterPhase(holder.id, 'provisioning', '', 2);
  expect((await ground.activities.planRelease(holder)).attempts).toEqual([1, 2]);
});

describe('entering a phase', () => {
  test('twice is once: one entry, one line in the log', async () => {
    const holder = await ground.jobIn('preparing');
    const enter = () =>
      ground.activities.enterPhase({ ...holder, attempt: 1, phase: 'provisioning', sentence: 'Starting a machine.' });
    await enter();
    await enter();
    expect(await rowOf(holder)).toMatchObject({ phase: 'provisioning', sentence: 'Starting a machine.' });
    expect(await timelineOf(holder)).toEqual(['phase: Starting a machine.']);
    expect(await linesOf(holder)).toEqual(['p Starting a machine.']);
  });

  test('killed between the entry and its line, both come with the next try', async () => {
    const { holder } = await ground.accept();
    const { log } = ground.dependencies.stores;
    const { appendPlatformLines } = log;
    log.appendPlatformLines = async () => {
      throw new Error('killed');
    };
    const enter = () => ground.activities.enterPhase({ ...holder, attempt: 0, phase: 'preparing', sentence: 'Begun.' });
    await expect(enter()).rejects.toThrow('killed');
    log.appendPlatformLines = appendPlatformLines;
    await enter();
    expect(await timelineOf(holder)).toEqual(['phase: Begun.']);
    expect(await linesOf(holder)).toEqual(['p Begun.']);
  });

  test('too late, after the end or in an earlier attempt, leaves no trace', async () => {
    const holder = await ground.jobIn('releasing');
    await ground.activities.closeWork({ ...holder, ...ending });
    const done = [await rowOf(holder), await timelineOf(holder)];
    await ground.activities.enterPhase({ ...holder, attempt: 9, phase: 'training', sentence: 'Late.' });
    expect([await rowOf(holder), await timelineOf(holder)]).toEqual(done);

    const second = await ground.jobIn('provisioning', 2);
    await ground.activities.enterPhase({ ...second, attempt: 1, phase: 'training', sentence: 'Late.' });
    expect(await rowOf(second)).toMatchObject({ phase: 'provisioning', attempt: 2 });
    expect(await timelineOf(second)).toEqual([]);
  });
});

test('a note with the same key is written once', async () => {
  const holder = await ground.jobIn('training');
  const note = (text: string) => ground.activities.note({ ...holder, attempt: 1, mark: 'warning', key: 'k', text });
  await note('It was lost.');
  await note('It was lost again.');
  expect(await timelineOf(holder)).toEqual(['warning: It was lost.']);
  expect(await linesOf(holder)).toEqual(['p It was lost.']);
});

describe('closing', () => {
  test('twice is once: the first ending, time and cost stand', async () => {
    const holder = await ground.jobIn('releasing');
    await ground.activities.closeWork({ ...holder, ...ending });
    const row = await rowOf(holder);
    expect(row).toMatchObject({ phase: 'done', outcome: 'failed', reason: 'It went wrong.', failure_type: 'Bug' });
    await ground.activities.closeWork({ ...holder, outcome: 'succeeded', reason: 'All well.', failureType: null });
    expect(await rowOf(holder)).toMatchObject({ outcome: 'failed', done_at_ms: row?.done_at_ms, cost_is_final: 1 });
    expect(await timelineOf(holder)).toEqual(['ending: It went wrong.']);
  });

  test('from a phase in which things may still be held is refused, and not passed over in silence', async () => {
    const holder = await ground.jobIn('training');
    await expect(ground.activities.closeWork({ ...holder, ...ending })).rejects.toMatchObject({ type: 'Bug' });
    expect(await rowOf(holder)).toMatchObject({ phase: 'training', outcome: null });
  });

  test('counts the cost by the times of the cloud, and not by ours', async () => {
    const holder = await ground.jobIn('provisioning');
    await ground.machineFor(holder);
    const { stores } = ground.dependencies;
    const machine = [...ground.cloud.machines.values()].find(({ order }) => order.id === holder.id);
    const startedAtMs = machine?.seen.startedAtMs as number;
    // It ended by itself long before anybody asked for it, or long after: who knows that is the cloud.
    Object.assign(machine?.seen ?? {}, { state: 'ended', endedAtMs: startedAtMs + 42_000 });
    await ground.activities.removeMachine({ ...holder, attempt: 1 });
    await stores.jobs.enterPhase(holder.id, 'releasing', '', 1);
    await ground.activities.closeWork({ ...holder, ...ending });
    await ground.activities.closeWork({ ...holder, ...ending });
    expect(await rowOf(holder)).toMatchObject({
      cost_micros: 42_000_000,
      cost_is_final: 1,
      price_list_date: '2026-11-01',
    });
  });

  test('follows the price lists in force when its machines were asked for, not the one of the day it ends', async () => {
    const { cloud, dependencies } = ground;
    const [type] = await cloud.machineTypes();
    const priced = (dollarsAnHour: number, priceListDate: string) => {
      cloud.machineTypes = async () => [{ ...type!, pricePerHourMicros: dollars(dollarsAnHour), priceListDate }];
    };
    const holder = await ground.jobIn('provisioning');
    const lasts = async (attempt: number, seconds: number) => {
      const ref = await ground.machineFor(holder, attempt);
      const seen = cloud.machines.get(machineNameOf(ref))?.seen;
      Object.assign(seen ?? {}, { state: 'ended', endedAtMs: (seen?.startedAtMs ?? 0) + seconds * 1000 });
      await ground.activities.removeMachine(ref);
    };
    try {
      priced(3600, '2026-11-01');
      await lasts(1, 10);
      priced(7200, '2026-12-01');
      await lasts(2, 10);
      priced(1, '2027-01-01');
      await dependencies.stores.jobs.enterPhase(holder.id, 'releasing', '', 2);
      await ground.activities.closeWork({ ...holder, ...ending });
    } finally {
      Reflect.deleteProperty(cloud, 'machineTypes');
    }
    expect(await rowOf(holder)).toMatchObject({
      cost_micros: dollars(30),
      price_list_date: '2026-11-01 to 2026-12-01',
    });
  });

  test('names no price list for what never had a machine', async () => {
    const holder = await ground.jobIn('releasing');
    await ground.activities.closeWork({ ...holder, ...ending });
    expect(await rowOf(holder)).toMatchObject({ cost_micros: 0, cost_is_final: 1, price_list_date: null });
  });
});
