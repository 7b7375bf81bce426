import { storeSweeper } from '../../../activities/reconcile/sweep-store.ts';
import type { Holder } from '../../../domain/ids.ts';
import { madeModel } from '../dependencies.ts';
import { type Ground, openGround } from '../ground.ts';

const hour = 3_600_000;
const begin = Date.now();
let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
  ground.clock.atMs = begin;
});
afterEach(() => ground.close());

const put = (object: string) => ground.dependencies.store.putText(object, 'x');
const files = (prefix: string) => ground.dependencies.store.list(prefix);
const close = (holder: Holder) =>
  ground.activities.closeWork({ ...holder, outcome: 'succeeded', reason: 'Done.', failureType: null });

/** A pass when the work has been over for long enough. */
async function sweepLater(): Promise<void> {
  const sweep = storeSweeper(ground.dependencies);
  ground.clock.atMs = (ground.clock.atMs ?? begin) + hour;
  await sweep();
}

test('a model written for a job that ended without one goes, and one with its row stays', async () => {
  const late = await ground.jobIn('releasing');
  await put(`models/${late.id}/model.zip`);
  await close(late);
  const model = await madeModel(ground.dependencies);
  await put(`models/${model.job_id}/model.zip`);
  await sweepLater();
  expect(await files('models/')).toEqual([`models/${model.job_id}/model.zip`]);
  await ground.dependencies.stores.models.softDelete('default', model.id, begin);
  await sweepLater();
  expect(await files('models/')).toEqual([]);
});

test('files of work that is open, just over or not known stay', async () => {
  const open = await ground.jobIn('collecting');
  const over = await ground.jobIn('releasing');
  await close(over);
  const objects = [open.id, over.id, '00000000-0000-4000-8000-000000000000'].map((id) => `models/${id}/model.zip`);
  for (const object of objects) await put(object);
  ground.clock.atMs = begin + 599_000;
  await storeSweeper(ground.dependencies)();
  expect(await files('models/')).toEqual(objects.toSorted());
});

test('an output that its row does not know goes', async () => {
  const { holder } = await ground.acceptPrediction();
  await put(`predictions/${holder.id}/predictions.csv`);
  await ground.dependencies.stores.predictions.enterPhase(holder.id, 'releasing', '', 1);
  await close(holder);
  await sweepLater();
  expect(await files('predictions/')).toEqual([]);
});

test('a part of a log that another took the place of goes, and the one with a row stays', async () => {
  const holder = await ground.jobIn('releasing');
  const { log } = ground.dependencies.stores;
  await log.append(holder, [[begin, 'o', 1, 'a line']]);
  const [kept, overtaken] = ['1', '6000'].map((lines) => `logs/job-${holder.id}/000000000001-${lines}.jsonl.gz`);
  for (const object of [kept, overtaken]) await put(object as string);
  await log.replaceByChunk(holder, { firstLine: 1, lineCount: 1, bytes: 7, object: kept as string });
  await close(holder);
  await sweepLater();
  expect(await files('logs/')).toEqual([kept]);
});

test('everything is gone through once an hour', async () => {
  const sweep = storeSweeper(ground.dependencies);
  await sweep();
  const holder = await ground.jobIn('releasing');
  await close(holder);
  await put(`models/${holder.id}/model.zip`);
  ground.clock.atMs = begin + hour - 1;
  await sweep();
  expect(await files('models/')).toHaveLength(1);
  ground.clock.atMs = begin + hour;
  await sweep();
  expect(await files('models/')).toHaveLength(0);
});
