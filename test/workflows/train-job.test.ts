import { setTimeout as sleep } from 'node:timers/promises';
import { bucketNameOf, machineNameOf, workflowIdOf } from '../../domain/ids.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { failsWith, keepsAndVanishes, succeeds, trainsUntilAsked, vanishes } from './scripts.ts';
import { inPhase, isDone, nothingIsLeft, rowOf } from './holder-checks.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
const jobOf = ({ id }: { id: string }) => ({ kind: 'job', id }) as const;

async function yardWith(options: ConstructorParameters<typeof SimulatedCloud>[0]): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud(options));
  open.push(yard);
  return yard;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('a job that goes well leaves a signed model, a whole log, and nothing in the cloud', async () => {
  const yard = await yardWith({ script: () => succeeds });
  const job = await yard.accept();
  const row = await isDone(yard, jobOf(job));
  expect(row).toMatchObject({ outcome: 'succeeded', cost_micros: 0, cost_is_final: 1, attempt: 1 });
  const model = await yard.dependencies.stores.models.findByJob(job.id);
  expect(model).toMatchObject({ id: job.id, validation_score: 0.9, test_score: 0.8 });
  const signature = JSON.parse(model?.signature_json ?? '{}');
  const manifest = await yard.dependencies.store.readText(`models/${job.id}/manifest.json`);
  expect(yard.dependencies.key.verify(Buffer.from(manifest ?? ''), signature.signature)).toBe(true);
  const stats = await yard.dependencies.stores.log.stats(jobOf(job));
  expect(stats.lines).toBeGreaterThanOrEqual(20);
  await nothingIsLeft(yard, jobOf(job));
});

test('the machine and the place are freed before the model is collected', async () => {
  const yard = await yardWith({ script: () => succeeds });
  const job = await yard.accept();
  await isDone(yard, jobOf(job));
  const name = machineNameOf({ kind: 'job', id: job.id, attempt: 1 });
  const order = yard.cloud.audit.filter((entry) => entry.startsWith('-'));
  expect(order[0]).toBe(`- machine ${name}`);
  expect(order.at(-1)).toBe(`- bucket ${bucketNameOf(jobOf(job))}`);
});

test('accepting twice makes one job', async () => {
  const yard = await yardWith({ script: () => succeeds });
  const job = await yard.accept();
  await Promise.all([yard.dependencies.work.startJob(job), yard.dependencies.work.startJob(job)]);
  await isDone(yard, jobOf(job));
  await yard.dependencies.work.startJob(job);
  await sleep(300);
  expect(yard.cloud.audit.filter((entry) => entry.startsWith('+ machine'))).toHaveLength(1);
});

test('a lost machine ends the attempt, not the job, and the next begins after it is confirmed gone', async () => {
  const yard = await yardWith({ script: (order) => (order.attempt < 3 ? vanishes : succeeds) });
  const job = await yard.accept();
  const row = await isDone(yard, jobOf(job), 40);
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 3 });
  const machines = yard.cloud.audit.filter((entry) => entry.includes('machine'));
  expect(machines.map((entry) => entry.slice(0, 1)).join('')).toBe('+-+-+-');
  const lines = await yard.dependencies.stores.timeline.list(jobOf(job));
  expect(lines.filter((entry) => entry.kind === 'warning')).toHaveLength(2);
  await nothingIsLeft(yard, jobOf(job));
}, 60_000);

test('says from where the next attempt goes on', async () => {
  const yard = await yardWith({ script: (order) => (order.attempt < 2 ? keepsAndVanishes : succeeds) });
  const job = await yard.accept();
  await isDone(yard, jobOf(job), 40);
  const lines = await yard.dependencies.stores.timeline.list(jobOf(job));
  const [warning] = lines.filter((entry) => entry.kind === 'warning');
  expect(warning?.text).toContain('Trying again on another machine, from “epoch 7”.');
}, 60_000);

test('when every attempt loses its machine the job fails and says why', async () => {
  const yard = await yardWith({ script: () => vanishes });
  const job = await yard.accept({ limits: { trainingSeconds: 60, attempts: 2 } });
  const row = await isDone(yard, jobOf(job), 40);
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'MachineLost', attempt: 2 });
  await nothingIsLeft(yard, jobOf(job));
}, 60_000);

test('a failure of the person’s data is shown in their words and not tried again', async () => {
  const yard = await yardWith({ script: () => failsWith('BadLabel', 'The label “y” has one value only.') });
  const job = await yard.accept();
  const row = await isDone(yard, jobOf(job));
  expect(row).toMatchObject({
    outcome: 'failed',
    failure_type: 'BadLabel',
    reason: 'The label “y” has one value only.',
  });
  expect(row.attempt).toBe(1);
  await nothingIsLeft(yard, jobOf(job));
});

test('stop keeps the best so far', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const job = await yard.accept();
  await inPhase(yard, jobOf(job), 'training');
  await yard.dependencies.work.stop(jobOf(job));
  const row = await isDone(yard, jobOf(job));
  expect(row).toMatchObject({ outcome: 'succeeded', reason: 'Stopped when asked; the best so far was kept.' });
  expect(await yard.dependencies.stores.models.findByJob(job.id)).toBeDefined();
});

test('cancel in training ends it without a model, keeps the log, and leaves nothing', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const job = await yard.accept();
  await inPhase(yard, jobOf(job), 'training');
  await yard.dependencies.work.cancel(jobOf(job));
  const row = await isDone(yard, jobOf(job));
  expect(row.outcome).toBe('cancelled');
  expect(await yard.dependencies.stores.models.findByJob(job.id)).toBeUndefined();
  const chunks = await yard.dependencies.stores.log.chunks(jobOf(job));
  expect(chunks.length).toBeGreaterThan(0);
  await nothingIsLeft(yard, jobOf(job));
});

test('cancel sent while no worker is up is honoured', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const job = await yard.accept();
  await inPhase(yard, jobOf(job), 'training');
  await yard.stopWorkers();
  await yard.dependencies.work.cancel(jobOf(job));
  await yard.startWorkers();
  expect((await isDone(yard, jobOf(job), 30)).outcome).toBe('cancelled');
  await nothingIsLeft(yard, jobOf(job));
}, 60_000);

test('a job waits for its place, can be cancelled there, and the next one moves up', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked, places: 1 });
  const first = await yard.accept();
  await inPhase(yard, jobOf(first), 'training');
  const aheadOf = async (id: string) => (await yard.dependencies.work.status({ kind: 'job', id })).ahead;
  const second = await yard.accept();
  await until('the second is next', async () => (await aheadOf(second.id)) === 0);
  const third = await yard.accept();
  await until('the third waits behind it', async () => (await aheadOf(third.id)) === 1);
  await yard.dependencies.work.cancel(jobOf(second));
  expect((await isDone(yard, jobOf(second))).outcome).toBe('cancelled');
  await yard.dependencies.work.stop(jobOf(first));
  await isDone(yard, jobOf(first));
  await inPhase(yard, jobOf(third), 'training');
  expect(yard.cloud.audit.filter((entry) => entry.startsWith('+ machine'))).toHaveLength(2);
}, 60_000);

test('the time limit keeps the best so far, and can be extended while it trains', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const job = await yard.accept({ limits: { trainingSeconds: 10, longestSeconds: 12 } });
  await inPhase(yard, jobOf(job), 'training');
  await expect(yard.dependencies.work.extend(job.id, 60)).rejects.toThrow('At most 12 seconds are possible');
  expect(await yard.dependencies.work.extend(job.id, 12)).toEqual({ trainingSeconds: 12, longestSeconds: 12 });
  const row = await isDone(yard, jobOf(job), 30);
  expect(row).toMatchObject({ outcome: 'succeeded', reason: 'The time limit was reached; the best so far was kept.' });
  const attempts = await yard.dependencies.stores.attempts.list(jobOf(job));
  expect((attempts[0]?.ended_at_ms ?? 0) - (attempts[0]?.started_at_ms ?? 0)).toBeGreaterThan(11_500);
  await expect(yard.dependencies.work.extend(job.id, 20)).rejects.toThrow('can no longer be extended');
}, 60_000);

test('a budget that is used up ends training and keeps the best', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked, pricePerHourMicros: 3_600_000_000 });
  const job = await yard.accept({ limits: { trainingSeconds: 600, budgetMicros: 130_000_000 } });
  const row = await isDone(yard, jobOf(job), 30);
  expect(row).toMatchObject({ outcome: 'over_budget', cost_is_final: 1 });
  expect(row.cost_micros).toBeGreaterThan(0);
  expect(row.cost_micros).toBeLessThanOrEqual(130_000_000);
}, 60_000);

test('a release that fails is shown and tried until it succeeds', async () => {
  const yard = await yardWith({ script: () => succeeds });
  yard.cloud.removalFails = 'The cloud does not answer.';
  const job = await yard.accept();
  await until('the problem is in the ledger', async () => {
    const ledger = await yard.dependencies.stores.resources.ofHolder(jobOf(job));
    return ledger.some((row) => row.last_problem === 'The cloud does not answer.');
  });
  yard.cloud.removalFails = undefined;
  expect((await isDone(yard, jobOf(job), 30)).outcome).toBe('succeeded');
  await nothingIsLeft(yard, jobOf(job));
}, 60_000);

test('Terminate in the Temporal UI still cleans up', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const job = await yard.accept();
  await inPhase(yard, jobOf(job), 'training');
  const { client } = await temporal();
  await client.workflow.getHandle(workflowIdOf(jobOf(job))).terminate('a person pressed it');
  await yard.dependencies.work.startKeepHouse({ cloud: 'local', queue: 'trainyard-releases' });
  await until('it is released', async () => (await rowOf(yard, jobOf(job))).phase === 'done', 30);
  const row = await rowOf(yard, jobOf(job));
  expect(row.outcome).toBe('cancelled');
  expect(row.reason).toContain('terminated from outside');
  await nothingIsLeft(yard, jobOf(job));
  await client.workflow.getHandle('keep-house-local-trainyard-releases').terminate();
}, 60_000);

test('what was accepted while Temporal was away is started by reconcile', async () => {
  const yard = await yardWith({ script: () => succeeds });
  const job = await yard.accept();
  await isDone(yard, jobOf(job));
  const { stores } = yard.dependencies;
  const spec = { ...job, id: crypto.randomUUID() };
  await stores.jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs: Date.now() - 60_000 });
  await yard.reconcile();
  expect((await isDone(yard, jobOf(spec))).outcome).toBe('succeeded');
});

test('the history of a job stays short', async () => {
  const yard = await yardWith({ script: () => succeeds });
  const job = await yard.accept();
  await isDone(yard, jobOf(job));
  const { client } = await temporal();
  const description = await client.workflow.getHandle(workflowIdOf(jobOf(job))).describe();
  expect(description.historyLength).toBeLessThan(200);
});
