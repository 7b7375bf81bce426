import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { dollars } from '../../domain/money.ts';
import type { MachineOrder } from '../../infra/cloud.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { uploaded } from './files.ts';
import { dollarASecond, type Ground, openGround } from './ground.ts';

class SlowCloud extends SimulatedCloud {
  meanwhile: (() => Promise<unknown>) | undefined;
  #blind = false;

  constructor() {
    super({ script: () => async (actor) => actor.gone, pricePerHourMicros: dollarASecond });
  }

  override async createMachine(order: MachineOrder) {
    const { meanwhile } = this;
    this.meanwhile = undefined;
    this.#blind = true;
    await meanwhile?.();
    this.#blind = false;
    return super.createMachine(order);
  }

  override async removeMachine(ref: AttemptRef) {
    return this.#blind ? this.lookAtMachine(ref) : super.removeMachine(ref);
  }
}

const begin = 1_790_000_000_000;
const times = { secondsLeft: 60, longestSecondsLeft: 120 };
let ground: Ground<SlowCloud>;
beforeAll(async () => {
  ground = await openGround({ cloud: new SlowCloud() });
});
beforeEach(() => {
  ground.cloud.audit.length = 0;
  ground.clock.atMs = begin;
});
afterAll(() => ground.close());

async function ready(limits: Record<string, number> = {}): Promise<AttemptRef> {
  const { holder } = await ground.accept({ limits: { trainingSeconds: 60, ...limits } });
  await ground.activities.createBucket(holder);
  await ground.activities.createSignals(holder);
  ground.cloud.audit.length = 0;
  return { ...holder, attempt: 1 };
}

const create = async (ref: AttemptRef, given: Partial<typeof times> & { refusals?: number } = {}) => {
  const answer = await ground.activities.createMachine({ ...ref, ...times, ...given });
  if (answer.none) throw new Error(answer.none.failure.message);
  return answer;
};
const ledgerOf = ({ kind, id, attempt }: AttemptRef) =>
  ground.dependencies.stores.resources.get({ holder: { kind, id }, kind: 'machine', attempt });
const attemptOf = (ref: AttemptRef) => ground.dependencies.stores.attempts.get(ref);
const orderOf = (ref: AttemptRef) => ground.cloud.machines.get(machineNameOf(ref))?.order;
const specFor = async (ref: AttemptRef) => JSON.parse((await ground.cloud.getText(ref, 'input/spec.json')) ?? 'null');
const controlOf = async (ref: AttemptRef) =>
  JSON.parse((await ground.cloud.getText(ref, `control/attempt-${ref.attempt}.json`)) ?? 'null');

describe('making a machine', () => {
  test('that has started, twice makes one, with the times that it started with', async () => {
    const ref = await ready();
    const made = await create(ref);
    ground.clock.atMs = begin + 30_000;
    expect(await create(ref)).toEqual(made);
    expect(made).toEqual({ deadlineAtMs: begin + 60_000, limitedBy: 'time' });
    expect(ground.cloud.audit).toEqual([`+ machine ${machineNameOf(ref)}`]);
    expect(orderOf(ref)).toMatchObject({
      deadlineAtMs: begin + 60_000,
      endsAtMs: begin + (120 + 120 + 600) * 1000,
      engine: 'sklearn',
      labels: ground.labelsOf({ kind: 'job', id: ref.id }),
    });
    expect(await attemptOf(ref)).toMatchObject({ machine_name: machineNameOf(ref), deadline_at_ms: begin + 60_000 });
    const startedAtMs = ground.cloud.machines.get(machineNameOf(ref))?.seen.startedAtMs;
    expect(await ledgerOf(ref)).toMatchObject({
      state: 'created',
      started_at_ms: startedAtMs,
      price_per_hour_micros: dollarASecond,
    });
  });

  /** What a pulled plug leaves, or a cloud that was away: the attempt was opened, and its machine was not made. */
  async function openedOnly(ref: AttemptRef, given: Partial<typeof times> = {}): Promise<void> {
    const { createMachine } = ground.cloud;
    ground.cloud.createMachine = async () => {
      throw new TrainyardError('CloudUnavailable', 'Nobody is there.');
    };
    try {
      await expect(create(ref, given)).rejects.toThrow('Nobody is there.');
    } finally {
      ground.cloud.createMachine = createMachine;
    }
  }

  test('that could not be made for long gives it all its time, and no more money than there is', async () => {
    const ref = await ready({ trainingSeconds: 600, budgetMicros: dollars(420) });
    const all = { secondsLeft: 600, longestSecondsLeft: 1200 };
    await openedOnly(ref, all);
    ground.clock.atMs = begin + 900_000;
    const made = await create(ref, all);
    // Three hundred seconds are paid for, as they would have been a quarter of an hour before.
    expect(made).toEqual({ deadlineAtMs: begin + 900_000 + 240_000, limitedBy: 'money' });
    expect(orderOf(ref)).toMatchObject({ deadlineAtMs: made.deadlineAtMs, endsAtMs: begin + 1_200_000 });
    expect(await specFor(ref)).toMatchObject({ limits: { trainingSeconds: 240 } });
    expect(await attemptOf(ref)).toMatchObject({ deadline_at_ms: made.deadlineAtMs, ends_at_ms: begin + 1_200_000 });
    expect((await ground.dependencies.stores.jobs.find(ref.id))?.training_deadline_ms).toBe(made.deadlineAtMs);
  });

  test('that an earlier try made after all, while this one was on its way, has the times of then', async () => {
    const ref = await ready();
    await openedOnly(ref);
    ground.clock.atMs = begin + 30_000;
    ground.cloud.meanwhile = async () => {
      const order = { ...ref, labels: ground.labelsOf({ kind: ref.kind, id: ref.id }), type: 'local', spot: false };
      await ground.cloud.createMachine({
        ...order,
        engine: 'sklearn',
        endsAtMs: begin + 840_000,
        deadlineAtMs: begin + 60_000,
      });
    };
    expect(await create(ref)).toMatchObject({ deadlineAtMs: begin + 60_000 });
    expect(await attemptOf(ref)).toMatchObject({ deadline_at_ms: begin + 60_000, ends_at_ms: begin + 840_000 });
    expect(ground.cloud.audit).toEqual([`+ machine ${machineNameOf(ref)}`]);
  });

  test('again, after a crash, keeps the price and the price list of the first time', async () => {
    const ref = await ready();
    const [type] = await ground.cloud.machineTypes();
    const { resources } = ground.dependencies.stores;
    const { intend } = resources;
    resources.intend = async () => {
      throw new Error('killed here');
    };
    await expect(create(ref)).rejects.toThrow('killed here');
    resources.intend = intend;
    ground.cloud.machineTypes = async () => [{ ...type!, pricePerHourMicros: 1, priceListDate: '2027-01-01' }];
    try {
      await create(ref);
    } finally {
      Reflect.deleteProperty(ground.cloud, 'machineTypes');
    }
    expect(await ledgerOf(ref)).toMatchObject({ price_per_hour_micros: dollarASecond });
    expect(await attemptOf(ref)).toMatchObject({
      price_per_hour_micros: dollarASecond,
      price_list_date: '2026-11-01',
    });
  });

  test('leaves its trainer what to do, and the page when it will stop', async () => {
    const ref = await ready();
    await create(ref);
    expect(await specFor(ref)).toMatchObject({
      kind: 'train',
      jobId: ref.id,
      columns: [
        { name: 'x', sqlType: 'DOUBLE', role: 'feature' },
        { name: 'y', sqlType: 'BIGINT', role: 'label' },
      ],
      limits: { trainingSeconds: 60 },
    });
    expect((await ground.dependencies.stores.jobs.find(ref.id))?.training_deadline_ms).toBe(begin + 60_000);
  });

  test('leaves its trainer every one of several labels, which no model learns from', async () => {
    const datasetId = await uploaded(ground, 'x,y,z\n1,0,no\n2,1,yes\n3,0,no\n');
    const task = { kind: 'multilabel' as const, labels: ['z', 'y'] };
    const { holder } = await ground.accept({ datasetId, task, engine: { name: 'torch' } });
    await ground.activities.createBucket(holder);
    await ground.activities.createSignals(holder);
    const ref = { ...holder, attempt: 1 };
    await create(ref);
    expect(await specFor(ref)).toMatchObject({
      engine: 'torch',
      task: { ...task, metric: null },
      columns: [
        { name: 'x', role: 'feature' },
        { name: 'y', role: 'label' },
        { name: 'z', sqlType: 'VARCHAR', role: 'label' },
      ],
    });
  });

  test('after its removal is refused and makes nothing', async () => {
    const ref = await ready();
    await ground.activities.removeMachine(ref);
    const message = 'The machine is already being taken down.';
    await expect(create(ref)).rejects.toMatchObject({ type: 'CreateRevoked', message });
    expect(ground.cloud.audit).toEqual([]);
  });

  test('that comes true only after it was confirmed gone is undone', async () => {
    const ref = await ready();
    ground.cloud.meanwhile = () => ground.activities.removeMachine(ref);
    await expect(create(ref)).rejects.toMatchObject({ type: 'CreateRevoked' });
    const name = machineNameOf(ref);
    expect(ground.cloud.audit).toEqual([`+ machine ${name}`, `- machine ${name}`]);
  });

  test('of a kind that the cloud does not have is the request’s fault', async () => {
    const { holder } = await ground.accept({ machine: { type: 'huge' } });
    await expect(create({ ...holder, attempt: 1 })).rejects.toMatchObject({
      type: 'BadSpec',
      message: 'There is no machine “huge” on local.',
    });
  });

  test('ends when the budget is used up, what earlier attempts cost included', async () => {
    const first = await ready({ trainingSeconds: 600, budgetMicros: dollars(420) });
    expect(await create(first, { secondsLeft: 600, longestSecondsLeft: 1200 })).toMatchObject({ limitedBy: 'money' });
    expect(orderOf(first)?.endsAtMs).toBe(begin + 300_000);
    const seen = ground.cloud.machines.get(machineNameOf(first))?.seen;
    Object.assign(seen ?? {}, { state: 'ended', endedAtMs: (seen?.startedAtMs ?? 0) + 200_000 });
    await ground.activities.removeMachine(first);
    const second = { ...first, attempt: 2 };
    await create(second, { secondsLeft: 600, longestSecondsLeft: 1200 });
    expect(orderOf(second)?.endsAtMs).toBe(begin + 100_000);
  });

  test('is refused when the budget would not last, before anything is made', async () => {
    const ref = await ready({ budgetMicros: dollars(124) });
    await expect(create(ref)).rejects.toMatchObject({
      type: 'OverBudget',
      message: 'What is left of the budget does not pay for a machine at $3600.00 an hour.',
    });
    expect(ground.cloud.audit).toEqual([]);
    expect(await ledgerOf(ref)).toBeUndefined();
  });
});

describe('removing a machine', () => {
  test('twice is once, and it ended when the cloud says', async () => {
    const ref = await ready();
    await create(ref);
    const seen = ground.cloud.machines.get(machineNameOf(ref))?.seen;
    Object.assign(seen ?? {}, { state: 'ended', endedAtMs: 1_790_000_012_345, endedBecause: 'out_of_memory' });
    await ground.activities.removeMachine(ref);
    const row = await ledgerOf(ref);
    ground.clock.atMs = begin + 99_000;
    await ground.activities.removeMachine(ref);
    expect(await ledgerOf(ref)).toEqual(row);
    expect(row).toMatchObject({ state: 'gone', ended_at_ms: 1_790_000_012_345, gone_confirmed_at_ms: begin });
    expect(await attemptOf(ref)).toMatchObject({ ended_at_ms: 1_790_000_012_345, ended_because: 'out_of_memory' });
    expect(ground.cloud.audit.filter((entry) => entry.startsWith('-'))).toHaveLength(1);
  });

  test.each([
    ['that had said its last word', true, 'finished'],
    ['in the middle of its work', false, 'killed'],
  ])('%s is told as such when the cloud says that it was killed', async (_, hasEnded, because) => {
    const ref = await ready();
    await create(ref);
    const { relays } = ground.dependencies.stores;
    const { seq } = await relays.begin(ref, 'one');
    const terminal = {
      ...{ v: 1 as const, holder: { kind: ref.kind, id: ref.id }, attempt: ref.attempt, seq: seq + 1, atMs: begin },
      ...{ type: 'finished' as const, why: 'completed' as const, hasResult: true, sentence: 'It ran to its end.' },
    };
    const commit = { ref, epoch: 'one', expectedSeq: seq, newSeq: seq + 1, heardAtMs: begin };
    await relays.commit({ ...commit, terminal: hasEnded ? terminal : null });
    const seen = ground.cloud.machines.get(machineNameOf(ref))?.seen;
    Object.assign(seen ?? {}, { state: 'ended', endedAtMs: begin + 5000, endedBecause: 'killed' });
    await ground.activities.removeMachine(ref);
    expect(await attemptOf(ref)).toMatchObject({ ended_because: because });
  });

  test('says how long it lived, by the times of the cloud, however often it is asked', async () => {
    const ref = await ready();
    expect(await ground.activities.removeMachine({ ...ref, attempt: 2 })).toEqual({ livedSeconds: 0 });
    await create(ref);
    const seen = ground.cloud.machines.get(machineNameOf(ref))?.seen;
    Object.assign(seen ?? {}, { state: 'ended', endedAtMs: (seen?.startedAtMs ?? 0) + 12_500 });
    for (let time = 0; time < 2; time++) {
      expect(await ground.activities.removeMachine(ref)).toEqual({ livedSeconds: 12.5 });
    }
  });

  test('that does not succeed is shown until it does', async () => {
    const ref = await ready();
    await create(ref);
    ground.cloud.removalFails = 'Quota of removals is used up.';
    await expect(ground.activities.removeMachine(ref)).rejects.toThrow('Quota');
    expect(await ledgerOf(ref)).toMatchObject({ state: 'created', last_problem: 'Quota of removals is used up.' });
    ground.cloud.removalFails = undefined;
    await ground.activities.removeMachine(ref);
    expect(await ledgerOf(ref)).toMatchObject({ state: 'gone', last_problem: null });
  });
});

describe('asking a trainer', () => {
  test('twice leaves one wish', async () => {
    const ref = await ready();
    const { deadlineAtMs } = await create(ref);
    const wish = { ...ref, stop: true, deadlineAtMs };
    expect(await ground.activities.askTrainer(wish)).toEqual({ deadlineAtMs, limitedBy: 'time' });
    expect(await ground.activities.askTrainer(wish)).toEqual({ deadlineAtMs, limitedBy: 'time' });
    expect(await controlOf(ref)).toEqual({ stop: true, deadlineAtMs });
  });

  test('for more time moves the deadline, for the trainer and on the page', async () => {
    const ref = await ready();
    await create(ref);
    const deadlineAtMs = begin + 120_000;
    await ground.activities.askTrainer({ ...ref, stop: false, deadlineAtMs });
    await ground.activities.askTrainer({ ...ref, stop: false, deadlineAtMs });
    expect(await controlOf(ref)).toEqual({ stop: false, deadlineAtMs });
    expect((await attemptOf(ref))?.deadline_at_ms).toBe(deadlineAtMs);
    expect((await ground.dependencies.stores.jobs.find(ref.id))?.training_deadline_ms).toBe(deadlineAtMs);
  });

  test('for more time than the budget pays for leaves time to hand in, and says what ends it', async () => {
    ground.clock.atMs = undefined;
    const ref = await ready({ budgetMicros: dollars(220) });
    // A hundred seconds of machine: eighty to train, twenty to hand in.
    const { deadlineAtMs } = await create(ref);
    const asked = { ...ref, stop: false, deadlineAtMs: deadlineAtMs + 50_000 };
    const answer = await ground.activities.askTrainer(asked);
    const { started_at_ms: startedAtMs, ends_at_ms: endsAtMs } = (await attemptOf(ref)) ?? {};
    const lastsMs = (endsAtMs ?? 0) - (startedAtMs ?? 0);
    expect(answer).toEqual({ deadlineAtMs: Math.floor((endsAtMs ?? 0) - lastsMs / 5), limitedBy: 'money' });
    expect(answer.deadlineAtMs - deadlineAtMs).toBeLessThan(50_000);
    expect(await controlOf(ref)).toEqual({ stop: false, deadlineAtMs: answer.deadlineAtMs });
    expect(await ground.activities.askTrainer(asked)).toEqual(answer);
  });

  test('of an attempt that never began is a mistake of ours', async () => {
    const ref = await ready();
    const wish = { ...ref, stop: true, deadlineAtMs: begin };
    await expect(ground.activities.askTrainer(wish)).rejects.toMatchObject({ type: 'Bug' });
  });
});
