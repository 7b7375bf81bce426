import type { JobRow, SweepRow } from '../../db/tables.ts';
import { dollars } from '../../domain/money.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { failsWith, succeeds, trainsUntilAsked } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

async function openYard(given: Partial<ConstructorParameters<typeof SimulatedCloud>[0]> = {}): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud({ script: () => succeeds, ...given }));
  open.push(yard);
  return yard;
}

const trialsOf = ({ dependencies: { stores } }: TestYard, id: string): Promise<JobRow[]> => stores.jobs.ofSweep(id);
async function rowOf({ dependencies: { stores } }: TestYard, id: string): Promise<SweepRow> {
  const row = await stores.sweeps.find(id);
  if (!row) throw new Error(`There is no sweep ${id}.`);
  return row;
}
async function isDone(yard: TestYard, id: string, seconds = 40): Promise<SweepRow> {
  await until('the sweep is done', async () => (await rowOf(yard, id)).phase === 'done', seconds);
  return rowOf(yard, id);
}
const areTraining = (yard: TestYard, id: string, count: number) =>
  until(`${count} trials train`, async () => {
    const trials = await trialsOf(yard, id);
    return trials.filter(({ phase }) => phase === 'training').length === count;
  });
const endsTrial = ({ dependencies: { work } }: TestYard, { id }: Pick<JobRow, 'id'>) => work.stop({ kind: 'job', id });
const specOf = (row: JobRow) => JSON.parse(row.spec_json) as JobSpec;

test('its trials are jobs with the settings and the seed of each, and all come to their end', async () => {
  const yard = await openYard();
  const trials = [
    { number: 1, combination: 1, settings: { depth: 2 }, seed: 5 },
    { number: 2, combination: 2, settings: { depth: 9 }, seed: 6 },
  ];
  const engine = { name: 'sklearn', settings: { depth: 1, rate: 0.1 } };
  const { id } = await yard.acceptSweep({ trials, base: { engine } });
  expect(await isDone(yard, id)).toMatchObject({
    outcome: 'succeeded',
    reason: 'All 2 trials ended; 2 models were kept.',
  });
  const rows = await trialsOf(yard, id);
  expect(
    rows.map(specOf).map(({ name, engine: { settings }, split }) => ({ name, settings, seed: split.seed })),
  ).toEqual([
    { name: 'a sweep · trial 1', settings: { depth: 2, rate: 0.1 }, seed: 5 },
    { name: 'a sweep · trial 2', settings: { depth: 9, rate: 0.1 }, seed: 6 },
  ]);
  expect(rows.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
  const { client } = await temporal();
  const history = await client.workflow.getHandle(`sweep-${id}`).fetchHistory();
  expect(history.events?.length).toBeLessThan(60);
}, 60_000);

test('started twice is one, and a step that is repeated begins nothing twice', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { id, owner, name } = await yard.acceptSweep({ count: 4, parallel: 2 });
  const { work } = yard.dependencies;
  await Promise.all([1, 2].map(() => work.startSweep({ id, owner, name, engine: 'sklearn' })));
  await areTraining(yard, id, 2);
  await Promise.all([1, 2, 3].map(() => yard.activities.advanceSweep({ id, asked: null })));
  expect((await trialsOf(yard, id)).map(({ sweep_trial }) => sweep_trial)).toEqual([1, 2]);
}, 60_000);

test('no more trials are open at once than it may have, and the next begins when one ends', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { id } = await yard.acceptSweep({ count: 3, parallel: 1 });
  for (const number of [1, 2, 3]) {
    await areTraining(yard, id, 1);
    const rows = await trialsOf(yard, id);
    expect(rows.map(({ sweep_trial }) => sweep_trial)).toEqual(Array.from({ length: number }, (_, n) => n + 1));
    await endsTrial(yard, rows.at(-1) as JobRow);
    await until('it has ended', async () => (await trialsOf(yard, id))[number - 1]?.phase === 'done');
  }
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded' });
}, 60_000);

test('goes on after every worker was away, also for trials that ended just then', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { id } = await yard.acceptSweep({ count: 3, parallel: 2 });
  await areTraining(yard, id, 2);
  await yard.stopWorkers();
  for (const row of await trialsOf(yard, id)) await endsTrial(yard, row);
  await yard.startWorkers();
  await until('the third is begun', async () => (await trialsOf(yard, id)).length === 3, 30);
  await areTraining(yard, id, 1);
  await endsTrial(yard, (await trialsOf(yard, id))[2] as JobRow);
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded', reason: expect.stringContaining('All 3') });
}, 90_000);

test('the shared budget is held: no trial is begun whose worst case it does not cover', async () => {
  const pricePerHourMicros = dollars(3600);
  const yard = await openYard({ pricePerHourMicros });
  // A dollar a second: with 1 attempt a trial costs at most 60 + 120 + 10 + 600 + 120 seconds.
  const base = { limits: { trainingSeconds: 60, longestSeconds: 60, attempts: 1, silenceSeconds: 10 } };
  const { id } = await yard.acceptSweep({ count: 3, parallel: 3, base, limits: { budgetMicros: dollars(1000) } });
  await until('one is begun', async () => (await trialsOf(yard, id)).length > 0);
  const row = await isDone(yard, id);
  const trials = await trialsOf(yard, id);
  // One at a time, since two worst cases do not fit; and another as long as those before were cheap enough.
  const begun = trials.map(({ accepted_at_ms, done_at_ms }) => [accepted_at_ms, done_at_ms ?? 0] as const);
  for (const [index, [accepted]] of begun.entries()) {
    if (index > 0) expect(accepted).toBeGreaterThanOrEqual(begun[index - 1]?.[1] ?? 0);
  }
  const spent = trials.reduce((sum, trial) => sum + (trial.cost_micros ?? 0), 0);
  expect(spent).toBeLessThanOrEqual(dollars(1000));
  expect(row.outcome).toBe('succeeded');
}, 60_000);

test('a budget that does not cover one trial begins none', async () => {
  const yard = await openYard({ pricePerHourMicros: dollars(3600) });
  const { id } = await yard.acceptSweep({ limits: { budgetMicros: dollars(10) } });
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'over_budget' });
  expect(await trialsOf(yard, id)).toEqual([]);
}, 60_000);

test('stop lets the open trials end and begins no more', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { id } = await yard.acceptSweep({ count: 3, parallel: 1 });
  await areTraining(yard, id, 1);
  await yard.dependencies.work.stop({ kind: 'sweep', id });
  await until('it says so', async () => (await rowOf(yard, id)).sentence.startsWith('No more are begun'));
  const [only] = await trialsOf(yard, id);
  expect(only).toMatchObject({ phase: 'training', cancel_asked_at_ms: null });
  await endsTrial(yard, only as JobRow);
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded', reason: expect.stringContaining('1 of 3') });
  expect(await trialsOf(yard, id)).toHaveLength(1);
}, 60_000);

test('cancel takes the open trials down, and its end is after theirs', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { id } = await yard.acceptSweep({ count: 3, parallel: 2 });
  await areTraining(yard, id, 2);
  await yard.dependencies.work.cancel({ kind: 'sweep', id });
  const row = await isDone(yard, id);
  expect(row).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled when asked; no model came of it.' });
  const trials = await trialsOf(yard, id);
  expect(trials.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled']);
  for (const trial of trials) expect(trial.done_at_ms).toBeLessThanOrEqual(row.done_at_ms ?? 0);
  expect(yard.cloud.buckets.size).toBe(0);
}, 60_000);

test('three trials that all fail end it', async () => {
  const yard = await openYard({ script: () => failsWith('BadLabel', 'The label has one value only.') });
  const { id } = await yard.acceptSweep({ count: 9, parallel: 1 });
  expect(await isDone(yard, id)).toMatchObject({
    outcome: 'failed',
    reason: '3 of 9 trials were begun: the first 3 all failed; no model came of it.',
  });
}, 60_000);

test('a sweep whose workflow was terminated is closed by reconcile, after its open trials', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { client } = await temporal();
  const { id } = await yard.acceptSweep({ count: 3, parallel: 2 });
  await areTraining(yard, id, 2);
  await client.workflow.getHandle(`sweep-${id}`).terminate('ended from outside');
  const pass = yard.reconciler();
  await until(
    'it is closed',
    async () => {
      await pass();
      return (await rowOf(yard, id)).phase === 'done';
    },
    40,
  );
  const row = await rowOf(yard, id);
  expect(row).toMatchObject({ outcome: 'cancelled', reason: expect.stringContaining('terminated from outside') });
  const trials = await trialsOf(yard, id);
  expect(trials.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled']);
  for (const trial of trials) expect(trial.done_at_ms).toBeLessThanOrEqual(row.done_at_ms ?? 0);
}, 90_000);

test('goes on in a new history when its own is long, and forgets nothing that was asked', async () => {
  const yard = await openYard({ script: () => trainsUntilAsked });
  const { work } = yard.dependencies;
  const { client } = await temporal();
  // Its trainer says nothing meanwhile, and must not count as lost.
  const base = { limits: { trainingSeconds: 300, silenceSeconds: 300 } };
  const { id } = await yard.acceptSweep({ count: 3, parallel: 1, base });
  const handle = client.workflow.getHandle(`sweep-${id}`);
  await areTraining(yard, id, 1);
  const { runId } = await handle.describe();
  // By signal alone: the database was not asked, so only the workflow knows of it.
  await work.stop({ kind: 'sweep', id });
  await until(
    'it has a new history',
    async () => {
      await work.trialEnded(id);
      return (await handle.describe()).runId !== runId;
    },
    100,
  );
  await endsTrial(yard, (await trialsOf(yard, id))[0] as JobRow);
  expect(await isDone(yard, id)).toMatchObject({ outcome: 'succeeded', reason: expect.stringContaining('1 of 3') });
  expect(await trialsOf(yard, id)).toHaveLength(1);
}, 150_000);
