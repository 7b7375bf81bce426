import { TrainyardError } from '../../domain/failures.ts';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import { dollars } from '../../domain/money.ts';
import type { MachineOrder } from '../../infra/cloud.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft } from './holder-checks.ts';
import { succeeds, trainsUntilAsked, vanishes } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

/** A gate that a step waits at until the test lets it go on. */
class Gate {
  waiting = false;
  #open: () => void = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  open(): void {
    this.#open();
  }

  async pass(): Promise<void> {
    this.waiting = true;
    await this.#opened;
  }
}

/** A cloud whose machines take as long to make as the test wants. */
class SlowCloud extends SimulatedCloud {
  readonly gate = new Gate();
  answered = false;
  override async createMachine(order: MachineOrder) {
    await this.gate.pass();
    return super.createMachine(order).finally(() => {
      this.answered = true;
    });
  }
}

const open: TestYard[] = [];
async function yardOf<C extends SimulatedCloud>(cloud: C): Promise<TestYard & { cloud: C }> {
  const yard = await openTestYard(cloud);
  open.push(yard);
  return yard as TestYard & { cloud: C };
}
const accepted = async (yard: TestYard, limits: Record<string, number> = {}) => {
  const { id } = await yard.accept({ limits: { trainingSeconds: 60, silenceSeconds: 10, ...limits } });
  return { kind: 'job', id } as const;
};
const machinesMade = (yard: TestYard) => yard.cloud.audit.filter((entry) => entry.startsWith('+ machine'));

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('time that is added while the machine is being made reaches its trainer', async () => {
  const asked: number[] = [];
  const script: Script = async (actor) => {
    await until('it is told', () => actor.control() !== undefined).catch(() => {});
    asked.push((actor.control()?.deadlineAtMs ?? 0) - actor.order.deadlineAtMs);
    await succeeds(actor);
  };
  const yard = await yardOf(new SlowCloud({ script: () => script }));
  const job = await accepted(yard, { longestSeconds: 200 });
  await until('its machine is being made', () => yard.cloud.gate.waiting);
  await yard.dependencies.work.extend(job.id, 100);
  await yard.dependencies.work.extend(job.id, 160);
  yard.cloud.gate.open();
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded' });
  expect(asked).toEqual([100_000]);
}, 60_000);

test('machines that cannot be had for longer than the training time take nothing from it', async () => {
  const cloud = new SimulatedCloud({ script: () => trainsUntilAsked });
  let tries = 0;
  let isAway = true;
  const { createMachine } = SimulatedCloud.prototype;
  cloud.createMachine = async (order) => {
    tries += 1;
    if (isAway) throw new TrainyardError('CloudUnavailable', 'There is no machine now.');
    return createMachine.call(cloud, order);
  };
  const yard = await yardOf(cloud);
  const acceptedAtMs = Date.now();
  const job = await accepted(yard, { trainingSeconds: 10, longestSeconds: 10 });
  await until('its time would be over', () => Date.now() - acceptedAtMs > 12_000 && tries > 2, 20);
  isAway = false;
  expect(await isDone(yard, job, 45)).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  const [attempt] = await yard.dependencies.stores.attempts.list(job);
  expect((attempt?.ended_at_ms ?? 0) - (attempt?.started_at_ms ?? 0)).toBeGreaterThan(9500);
}, 90_000);

test('stop, asked between two attempts, makes no other machine', async () => {
  const yard = await yardOf(new SimulatedCloud({ script: () => vanishes }));
  const { timeline } = yard.dependencies.stores;
  const { add } = timeline;
  const gate = new Gate();
  timeline.add = async (entry, trx) => {
    if (entry.dedupeKey === 'attempt-1-lost') await gate.pass();
    return add(entry, trx);
  };
  const job = await accepted(yard);
  await until('the first attempt is over', () => gate.waiting, 20);
  await yard.dependencies.work.stop(job);
  gate.open();
  expect(await isDone(yard, job)).toMatchObject({
    outcome: 'cancelled',
    reason: 'Stopped when asked, before there was anything to keep.',
    attempt: 1,
  });
  expect(machinesMade(yard)).toHaveLength(1);
  await nothingIsLeft(yard, job);
}, 60_000);

test('what a machine finished stands, though a wish could not be brought to it', async () => {
  let mayFinish = false;
  const script: Script = async (actor) => {
    await until('it may finish', () => mayFinish);
    await succeeds(actor);
  };
  const yard = await yardOf(new SimulatedCloud({ script: () => script }));
  const { putText } = yard.cloud;
  let tries = 0;
  yard.cloud.putText = async (holder, object, text) => {
    if (!object.startsWith('control/')) return putText.call(yard.cloud, holder, object, text);
    tries += 1;
    throw new TypeError('x is not a function');
  };
  const job = await accepted(yard);
  await inPhase(yard, job, 'training');
  await yard.dependencies.work.extend(job.id, 100);
  await until('the wish was given up', () => tries === 3);
  mayFinish = true;
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded', reason: 'It ran to its end.' });
  expect(await yard.dependencies.stores.models.findByJob(job.id)).toBeDefined();
}, 60_000);

test('what is left of the budget after a lost machine does not pay for another: over budget, not failed', async () => {
  const vanishesLate: Script = async (actor) => {
    const since = Date.now();
    await until('it has cost four dollars', () => Date.now() - since > 4000);
    await vanishes(actor);
  };
  const yard = await yardOf(new SimulatedCloud({ script: () => vanishesLate, pricePerHourMicros: dollars(3600) }));
  const job = await accepted(yard, { trainingSeconds: 600, budgetMicros: dollars(128) });
  const row = await isDone(yard, job);
  expect(row).toMatchObject({ outcome: 'over_budget', failure_type: 'OverBudget', cost_is_final: 1 });
  expect(row.reason).toContain('What is left of the budget does not pay for a machine');
  expect(machinesMade(yard)).toHaveLength(1);
  await nothingIsLeft(yard, job);
}, 60_000);

/** What reconcile starts for work that was terminated, at once. */
async function terminatedAndReleased(yard: TestYard, holder: Holder): Promise<void> {
  const { client } = await temporal();
  await client.workflow.getHandle(workflowIdOf(holder)).terminate('a person pressed it');
  await yard.dependencies.work.startRelease(holder, 'terminated');
}

test('terminated while its machine is being made, a job is closed, and the machine does not stay', async () => {
  const yard = await yardOf(new SlowCloud({ script: () => trainsUntilAsked }));
  const job = await accepted(yard);
  await until('its machine is being made', () => yard.cloud.gate.waiting);
  await terminatedAndReleased(yard, job);
  const row = await isDone(yard, job);
  expect(row).toMatchObject({ outcome: 'cancelled', attempt: 1 });
  expect(row.reason).toContain('terminated from outside');
  yard.cloud.gate.open();
  await until('the late create got its answer', () => yard.cloud.answered);
  await nothingIsLeft(yard, job);
}, 60_000);

test('terminated before it ever had a place, a job is closed', async () => {
  const yard = await yardOf(new SimulatedCloud({ script: () => trainsUntilAsked, places: 1 }));
  const first = await accepted(yard);
  await inPhase(yard, first, 'training');
  const second = await accepted(yard);
  await until('it waits', async () => (await yard.dependencies.work.status(second)).ahead === 0);
  await terminatedAndReleased(yard, second);
  expect(await isDone(yard, second)).toMatchObject({ outcome: 'cancelled', attempt: 0 });
  const places = await yard.dependencies.stores.places.list();
  expect(places.map((place) => place.holder_id)).toEqual([first.id]);
}, 60_000);

test('environments of engines that take long to make keep nobody else from training', async () => {
  const yard = await openTestYard(new SimulatedCloud({ script: () => succeeds, places: 10 }), {
    instead: {
      prepareEngine: async ({ engine }) => {
        if (engine === 'autogluon') await never.pass();
      },
    },
  });
  const never = new Gate();
  open.push(yard);
  for (let first = 0; first < 5; first++) await yard.accept({ engine: { name: 'autogluon' } });
  await until('they are being made', () => never.waiting);
  const job = await accepted(yard);
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded' });
  never.open();
}, 60_000);

test('time that the budget does not pay for is said to be cut short', async () => {
  const yard = await yardOf(new SimulatedCloud({ script: () => trainsUntilAsked, pricePerHourMicros: dollars(3600) }));
  const job = await accepted(yard, { trainingSeconds: 10, longestSeconds: 600, budgetMicros: dollars(145) });
  await inPhase(yard, job, 'training');
  await yard.dependencies.work.extend(job.id, 500);
  const warnings = async () =>
    (await yard.dependencies.stores.timeline.list(job)).filter((entry) => entry.kind === 'warning');
  await until('it is said', async () => (await warnings()).length > 0);
  const deadlineMs = (await yard.dependencies.stores.jobs.find(job.id))?.training_deadline_ms ?? 0;
  const at = new Date(deadlineMs).toISOString().slice(0, 19).replace('T', ' ');
  expect((await warnings())[0]?.text).toBe(
    `The budget does not pay for all of the time that was given: training stops at ${at} UTC.`,
  );
  await yard.dependencies.work.stop(job);
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded' });
  expect(await warnings()).toHaveLength(1);
}, 60_000);
