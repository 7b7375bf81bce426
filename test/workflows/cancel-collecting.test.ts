import { asyncLocalStorage, CancelledFailure, Context } from '@temporalio/activity';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectModel } from '../../activities/models.ts';
import { collectPrediction } from '../../activities/predictions.ts';
import { type AttemptRef, type Holder, workflowIdOf } from '../../domain/ids.ts';
import { keptModel, uploaded } from '../activities/files.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft } from './holder-checks.ts';
import { predicts, succeeds } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
async function yardWith(options: Parameters<typeof openTestYard>[1] = {}, script: Script = succeeds) {
  const yard = await openTestYard(new SimulatedCloud({ script: () => script }), options);
  open.push(yard);
  return yard;
}
const accepted = async (yard: TestYard) => ({ kind: 'job', id: (await yard.accept()).id }) as const;
const modelOf = (yard: TestYard, { id }: Holder) => yard.dependencies.stores.models.findByJob(id);
const filesOf = (yard: TestYard, { kind, id }: Holder) =>
  yard.dependencies.store.list(`${kind === 'job' ? 'models' : 'predictions'}/${id}/`);

/** They go once the work is done, since only then nobody will keep them any more. */
const noFilesOf = (yard: TestYard, holder: Holder) =>
  until('no file is left', async () => (await filesOf(yard, holder)).length === 0);

/** Whoever comes to it waits until the test lets it go on. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const pass = async () => {
    waiting.resolve();
    await promise;
  };
  return { reached: waiting.promise, open: resolve, pass };
}
/** Until what runs in an activity has been told that it is not wanted any more. */
const untilCancelled = (signal: AbortSignal) => until('it is cancelled', () => signal.aborted);
/** As one that hangs, and does not notice that nobody wants it any more; answers how it failed. */
const unnoticed = (act: () => Promise<unknown>) =>
  asyncLocalStorage.exit(async () => act().catch((error: unknown) => error));
const tooLate = 'It ran to its end. Cancel came too late: its result had been kept already.';

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('cancelled before its model is kept, a job has none, and no file of it is left', async () => {
  const yard = await yardWith();
  const sealing = gate();
  yard.dependencies.runTrainerTool = async () => {
    const { cancellationSignal } = Context.current();
    await sealing.pass();
    await untilCancelled(cancellationSignal);
  };
  const job = await accepted(yard);
  await sealing.reached;
  await yard.dependencies.work.cancel(job);
  sealing.open();
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled when asked.' });
  expect(await modelOf(yard, job)).toBeUndefined();
  await noFilesOf(yard, job);
  await nothingIsLeft(yard, job);
}, 60_000);

test('cancelled while its model is written down, a job keeps it and says why', async () => {
  const yard = await yardWith();
  const { models } = yard.dependencies.stores;
  const { insert } = models;
  const writing = gate();
  models.insert = async (row, trx) => {
    const { cancellationSignal } = Context.current();
    await writing.pass();
    await untilCancelled(cancellationSignal);
    return insert(row, trx);
  };
  const job = await accepted(yard);
  await writing.reached;
  await yard.dependencies.work.cancel(job);
  writing.open();
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded', reason: tooLate });
  expect(await modelOf(yard, job)).toBeDefined();
  expect(await filesOf(yard, job)).toHaveLength(4);
  await nothingIsLeft(yard, job);
}, 60_000);

test('cancelled when its model was just kept and nobody had heard of it yet, a job keeps it', async () => {
  const kept = gate();
  const yard: TestYard = await yardWith({
    instead: {
      async collectModel(ref: AttemptRef) {
        await collectModel(yard.dependencies, ref, 'collecting');
        await kept.pass();
        await untilCancelled(Context.current().cancellationSignal);
        throw new CancelledFailure('As when the worker went away.');
      },
    },
  });
  const job = await accepted(yard);
  await kept.reached;
  await yard.dependencies.work.cancel(job);
  kept.open();
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'succeeded', reason: tooLate });
  expect(await filesOf(yard, job)).toHaveLength(4);
}, 60_000);

test('what comes to its end long after it was given up keeps nothing of a cancelled job', async () => {
  const sealing = gate();
  let late: Promise<unknown> = Promise.resolve();
  const yard: TestYard = await yardWith({
    instead: {
      async collectModel(ref: AttemptRef) {
        late = unnoticed(() => collectModel(yard.dependencies, ref, 'collecting'));
        await sealing.reached;
        await untilCancelled(Context.current().cancellationSignal);
        throw new CancelledFailure('As when the worker hung.');
      },
    },
  });
  yard.dependencies.runTrainerTool = sealing.pass;
  const job = await accepted(yard);
  await sealing.reached;
  await yard.dependencies.work.cancel(job);
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'cancelled' });
  sealing.open();
  expect(await late).toMatchObject({ type: 'CreateRevoked' });
  expect(await modelOf(yard, job)).toBeUndefined();
  await noFilesOf(yard, job);
}, 60_000);

test('a prediction that is cancelled while it is collected leaves nothing either', async () => {
  const collecting = gate();
  let late: Promise<unknown> = Promise.resolve();
  const yard: TestYard = await yardWith(
    {
      instead: {
        async collectPrediction(ref: AttemptRef) {
          const { data } = yard.dependencies;
          const { toCsv } = data;
          data.toCsv = async (asked) => {
            await collecting.pass();
            return toCsv(asked);
          };
          const { cancellationSignal } = Context.current();
          late = unnoticed(() => collectPrediction(yard.dependencies, ref, 'collecting'));
          await untilCancelled(cancellationSignal);
          throw new CancelledFailure('As when the worker hung.');
        },
      },
    },
    predicts,
  );
  const model = await keptModel(yard, [
    ['code', 'VARCHAR'],
    ['size', 'DOUBLE'],
  ]);
  const datasetId = await uploaded(yard, 'code,size\n007,1.5\n');
  const { id } = await yard.acceptPrediction({ modelId: model.id, datasetId });
  const prediction = { kind: 'prediction', id } as const;
  await collecting.reached;
  await yard.dependencies.work.cancel(prediction);
  expect(await isDone(yard, prediction)).toMatchObject({ outcome: 'cancelled', output_hash: null });
  collecting.open();
  expect(await late).toBeInstanceOf(Error);
  expect(await yard.dependencies.stores.predictions.find(id)).toMatchObject({ output_hash: null });
  await noFilesOf(yard, prediction);
}, 60_000);

test('a job whose workflow is terminated right after its model was kept keeps it', async () => {
  const kept = gate();
  const yard: TestYard = await yardWith({
    instead: {
      async collectModel(ref: AttemptRef) {
        await collectModel(yard.dependencies, ref, 'collecting');
        await kept.pass();
      },
    },
  });
  const job = await accepted(yard);
  await kept.reached;
  const { client } = await temporal();
  await client.workflow.getHandle(workflowIdOf(job)).terminate('a person pressed it');
  await yard.dependencies.work.startRelease(job, 'cancelled');
  const row = await isDone(yard, job);
  expect(row.outcome).toBe('succeeded');
  expect(row.reason).toContain('its result had been kept already');
  expect(await modelOf(yard, job)).toBeDefined();
  kept.open();
  await sleep(100);
  await nothingIsLeft(yard, job);
}, 60_000);

test('cancelled while its machine is taken down before collecting, a job has no model', async () => {
  const yard = await yardWith();
  yard.cloud.removalFails = 'The cloud does not answer.';
  const job = await accepted(yard);
  await inPhase(yard, job, 'collecting');
  await yard.dependencies.work.cancel(job);
  await inPhase(yard, job, 'releasing');
  yard.cloud.removalFails = undefined;
  expect(await isDone(yard, job)).toMatchObject({ outcome: 'cancelled' });
  expect(await modelOf(yard, job)).toBeUndefined();
}, 60_000);
