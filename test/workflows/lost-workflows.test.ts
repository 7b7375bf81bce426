import { ApplicationFailure } from '@temporalio/activity';
import { pino } from 'pino';
import { reconciler } from '../../activities/reconcile/reconcile.ts';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import { jobSpecFor } from '../activities/dependencies.ts';
import { keptModel, uploaded } from '../activities/files.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft } from './holder-checks.ts';
import { handsInAndWaits, predicts, trainsUntilAsked } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
async function yardWith(script: Script, instead: Parameters<typeof openTestYard>[1] = {}): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud({ script: () => script }), instead);
  open.push(yard);
  return yard;
}
const accepted = async (yard: TestYard) => ({ kind: 'job', id: (await yard.accept()).id }) as const;
const handedIn = (yard: TestYard, { kind, id }: Holder) =>
  until('it has handed in', async () => Boolean(await yard.cloud.getText({ kind, id }, 'attempts/1/done.json')));

/** As when the file of the server was lost: nobody knows any more that it ever ran. */
async function loseHistory(yard: TestYard, holder: Holder): Promise<void> {
  const { client, namespace = 'default' } = await temporal();
  const workflowExecution = { workflowId: workflowIdOf(holder) };
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
  const { work } = yard.dependencies;
  await until('Temporal has forgotten it', async () => (await work.stateOf(holder)) === 'unknown');
}

/** What a worker does every few seconds. */
async function mended(yard: TestYard, holder: Holder) {
  const reconcile = reconciler(yard.dependencies, pino({ level: 'silent' }));
  const { work } = yard.dependencies;
  const release = `release-${workflowIdOf(holder)}`;
  const { client } = await temporal();
  await until('its release has begun', async () => {
    await reconcile(yard.cloud.name);
    return client.workflow
      .getHandle(release)
      .describe()
      .then(
        () => true,
        () => false,
      );
  });
  expect(await work.stateOf(holder)).not.toBe('running');
  return isDone(yard, holder);
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('the model of a job whose history was lost is kept, if its machine had handed it in', async () => {
  const yard = await yardWith(handsInAndWaits);
  const job = await accepted(yard);
  await handedIn(yard, job);
  await loseHistory(yard, job);
  expect(await mended(yard, job)).toMatchObject({
    outcome: 'succeeded',
    failure_type: null,
    reason: 'Temporal no longer knows of it; what its machine had finished was kept.',
  });
  expect(await yard.dependencies.stores.models.findByJob(job.id)).toMatchObject({ validation_score: 0.9 });
  await nothingIsLeft(yard, job);
}, 60_000);

test('a job whose history was lost before there was a model failed, and was not cancelled', async () => {
  const yard = await yardWith(trainsUntilAsked);
  const job = await accepted(yard);
  await inPhase(yard, job, 'training');
  await loseHistory(yard, job);
  const row = await mended(yard, job);
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'HistoryLost' });
  expect(row.reason).toContain('Temporal no longer knows of it: its history was lost.');
  await nothingIsLeft(yard, job);
}, 60_000);

test('a job whose workflow itself failed is called a bug of ours', async () => {
  const planWork = async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable('x is not a function', 'Bug');
  };
  const yard = await yardWith(trainsUntilAsked, { instead: { planWork } });
  const job = await accepted(yard);
  await until('it failed', async () => (await yard.dependencies.work.stateOf(job)) === 'failed');
  const row = await mended(yard, job);
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'Bug' });
  expect(row.reason).toContain('Its workflow failed, which is a bug of Trainyard');
  await nothingIsLeft(yard, job);
}, 60_000);

test('what was asked to be cancelled was cancelled, whatever became of its workflow', async () => {
  const yard = await yardWith(handsInAndWaits);
  const job = await accepted(yard);
  await handedIn(yard, job);
  await yard.dependencies.stores.jobs.askCancel('default', job.id, Date.now());
  await loseHistory(yard, job);
  expect(await mended(yard, job)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled when asked.' });
  expect(await yard.dependencies.stores.models.findByJob(job.id)).toBeUndefined();
}, 60_000);

test('what was handed in and cannot be taken in fails it, and the timeline says why', async () => {
  const yard = await yardWith(handsInAndWaits);
  const job = await accepted(yard);
  await handedIn(yard, job);
  yard.cloud.buckets.values().next().value?.objects.delete('attempts/1/out/report.json');
  await loseHistory(yard, job);
  expect(await mended(yard, job)).toMatchObject({ outcome: 'failed', failure_type: 'HistoryLost' });
  const timeline = await yard.dependencies.stores.timeline.list(job);
  expect(timeline.find(({ kind }) => kind === 'warning')?.text).toContain('The machine handed in no report.json.');
  await nothingIsLeft(yard, job);
}, 60_000);

test('predictions that were handed in are kept like a model', async () => {
  const handsIn: Script = async (actor) => {
    await predicts({ ...actor, say: (event) => (event.type === 'finished' ? undefined : actor.say(event)) });
    await actor.gone;
  };
  const yard = await yardWith(handsIn);
  const model = await keptModel(yard, [
    ['code', 'VARCHAR'],
    ['size', 'DOUBLE'],
  ]);
  const datasetId = await uploaded(yard, 'code,size\n007,1.5\n');
  const { id } = await yard.acceptPrediction({ modelId: model.id, datasetId });
  const prediction = { kind: 'prediction', id } as const;
  await handedIn(yard, prediction);
  await loseHistory(yard, prediction);
  expect(await mended(yard, prediction)).toMatchObject({ outcome: 'succeeded', row_count: 1 });
}, 60_000);

test('work that a restored database does not know frees what it holds and comes to its end', async () => {
  const yard = await yardWith(trainsUntilAsked);
  const { database } = yard.dependencies.stores;
  const forget = async ({ id }: Holder) => database.run(undefined, (db) => db('jobs').where('jobs.id', id).delete());
  const job = await accepted(yard);
  await inPhase(yard, job, 'training');
  await forget(job);
  await yard.dependencies.work.cancel(job);
  const { work } = yard.dependencies;
  await until('it has ended', async () => (await work.stateOf(job)) === 'closed', 20);
  expect(await yard.cloud.list()).toEqual([]);
  // One that the database has never heard of when it asks for its place.
  const spec = jobSpecFor(crypto.randomUUID());
  expect(await yard.dependencies.stores.jobs.find(spec.id)).toBeUndefined();
  await work.startJob(spec);
  const unknown = { kind: 'job', id: spec.id } as const;
  await until('it has ended too', async () => (await work.stateOf(unknown)) === 'closed', 20);
  expect(await yard.dependencies.stores.places.list()).toEqual([]);
}, 60_000);
