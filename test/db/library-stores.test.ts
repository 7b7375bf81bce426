import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eachDatabase } from './each-database.ts';
import {
  datasetRow,
  jobSpec,
  madeDataset,
  madeJob,
  modelRow,
  nowMs,
  predictionSpec,
  workspaceId,
} from './made-rows.ts';

eachDatabase('datasets, models and predictions', (bench) => {
  const stores = () => bench.stores;

  async function madeModel(): Promise<{ modelId: string; jobId: string; datasetId: string }> {
    const datasetId = await madeDataset(stores());
    const job = await madeJob(stores(), { datasetId });
    const { row } = await stores().models.insert(modelRow(job.id));
    return { modelId: row.id, jobId: job.id, datasetId };
  }

  test('a dataset is kept as it was, once, within its workspace', async () => {
    const row = datasetRow();
    expect(await stores().datasets.insert(row)).toMatchObject({ inserted: true });
    const again = await stores().datasets.insert({ ...row, name: 'other' });
    const plain = { family_id: null, version: 1, table_name: 'data', import_json: null, made_by_preparation_id: null };
    const kept = { ...row, ...plain, deleted_at_ms: null, last_uploaded_at_ms: null };
    expect(again).toEqual({ inserted: false, row: kept });
    expect(await stores().datasets.get(workspaceId, row.id)).toEqual(kept);
    expect(await stores().datasets.get('other', row.id)).toBeUndefined();
    expect(await stores().datasets.find(row.id)).toBeDefined();
  });

  test('datasets are listed, newest first, and found by name', async () => {
    const home = { workspace_id: `list-${randomUUID()}` };
    await madeDataset(stores(), { ...home, name: 'old Wine.csv', created_at_ms: 1 });
    await madeDataset(stores(), { ...home, name: 'new.csv', created_at_ms: 2 });
    const names = async (listing = {}) =>
      (await stores().datasets.list(home.workspace_id, listing)).map((row) => row.name);
    expect(await names()).toEqual(['new.csv', 'old Wine.csv']);
    expect(await names({ text: 'wine' })).toEqual(['old Wine.csv']);
    expect(await names({ limit: 1, offset: 1 })).toEqual(['old Wine.csv']);
  });

  test('the bytes of a dataset are needed until the last one that has them is deleted', async () => {
    const [mine, theirs] = [datasetRow(), datasetRow({ workspace_id: 'other' })];
    theirs.content_hash = mine.content_hash;
    for (const row of [mine, theirs]) await stores().datasets.insert(row);
    expect(await stores().datasets.softDelete(workspaceId, theirs.id, nowMs)).toBe(false);
    expect(await stores().datasets.softDelete(workspaceId, mine.id, nowMs)).toBe(true);
    expect(await stores().datasets.softDelete(workspaceId, mine.id, nowMs)).toBe(false);
    expect(await stores().datasets.get(workspaceId, mine.id)).toBeUndefined();
    expect(await stores().datasets.holdsContent(mine.content_hash)).toBe(true);
    await stores().datasets.softDelete('other', theirs.id, nowMs);
    expect(await stores().datasets.holdsContent(mine.content_hash)).toBe(false);
  });

  test('a dataset that is uploaded again counts as new, unless it is another or gone', async () => {
    const row = datasetRow({ name: 'again.csv', created_at_ms: 1000 });
    await stores().datasets.insert(row);
    const { content_hash: contentHash } = row;
    const again = (name: string, workspace = workspaceId, tableName = 'data') =>
      stores().datasets.uploadedAgain(workspace, { contentHash, tableName, name }, 5000);
    expect(await again('other.csv')).toBeUndefined();
    expect(await again('again.csv', 'other')).toBeUndefined();
    expect(await again('again.csv', workspaceId, 'otherwise-read')).toBeUndefined();
    const unusedIds = async (beforeMs: number) => (await stores().datasets.unusedSince(beforeMs)).map(({ id }) => id);
    expect(await unusedIds(4999)).toContain(row.id);
    expect(await again('again.csv')).toMatchObject({ id: row.id, last_uploaded_at_ms: 5000 });
    expect(await unusedIds(4999)).not.toContain(row.id);
    expect(await unusedIds(5000)).toContain(row.id);
    await stores().datasets.softDelete(workspaceId, row.id, nowMs);
    expect(await again('again.csv')).toBeUndefined();
  });

  test('bytes are shared while another dataset of the workspace has them', async () => {
    const row = datasetRow();
    await stores().datasets.insert(row);
    const whole = await stores().datasets.find(row.id);
    expect(await stores().datasets.isShared(workspaceId, whole!)).toBe(false);
    await stores().datasets.insert(datasetRow({ content_hash: row.content_hash }));
    expect(await stores().datasets.isShared(workspaceId, whole!)).toBe(true);
  });

  test('a removal of bytes is seen until it is over, or was begun by one that died', async () => {
    const { contents } = stores();
    const { content_hash: hash } = datasetRow();
    expect(await contents.isBeingRemoved(hash, nowMs)).toBe(false);
    await contents.beginRemoval(hash, nowMs);
    expect(await contents.isBeingRemoved(hash, nowMs + 599_999)).toBe(true);
    expect(await contents.isBeingRemoved(hash, nowMs + 600_000)).toBe(false);
    await contents.beginRemoval(hash, nowMs + 600_000);
    expect(await contents.isBeingRemoved(hash, nowMs + 600_000)).toBe(true);
    await contents.endRemoval(hash);
    expect(await contents.isBeingRemoved(hash, nowMs + 600_000)).toBe(false);
  });

  test('of a job and a removal at the same moment one sees the other', async () => {
    const { database, datasets, jobs } = stores();
    const id = await madeDataset(stores());
    const held = Promise.withResolvers<void>();
    const removal = held.promise.then(() => datasets.removeUnused(workspaceId, id, nowMs));
    await database.transaction(async (trx) => {
      await datasets.hold(workspaceId, id, trx);
      held.resolve();
      // Long enough for a removal that does not wait to be through.
      await Promise.race([removal, sleep(400)]);
      await jobs.insert(jobSpec(id), { idempotencyKey: null, requestHash: null, nowMs }, trx);
    });
    expect(await removal).toMatchObject([{ kind: 'job' }]);
    expect(await datasets.get(workspaceId, id)).toBeDefined();
  });

  test('a dataset that work which is done used can be removed, once', async () => {
    const id = await madeDataset(stores());
    expect(await stores().datasets.removeUnused(workspaceId, id, nowMs)).toEqual([]);
    expect(await stores().datasets.removeUnused(workspaceId, id, nowMs)).toEqual([]);
    await stores().database.transaction(async (trx) => {
      expect(await stores().datasets.hold(workspaceId, id, trx)).toBeUndefined();
    });
  });

  test('what retention takes: datasets that nothing needs, and logs and outputs of predictions that are done', async () => {
    const { datasets, jobs, predictions, log, models } = stores();
    const long = nowMs - 1000;
    const made = async () => madeDataset(stores(), { created_at_ms: long });
    const [unused, ofJob, ofRemovedJob] = [await made(), await made(), await made()];
    const recent = await madeDataset(stores());
    const kept = await madeJob(stores(), { datasetId: ofJob });
    const removed = await madeJob(stores(), { datasetId: ofRemovedJob });
    await jobs.enterPhase(removed.id, 'releasing', '', 0);
    await jobs.close(removed.id, { outcome: 'cancelled', reason: 'x', nowMs: long });
    await jobs.softDelete(workspaceId, removed.id, nowMs);
    const found = async (beforeMs: number) => {
      const ids = (await datasets.unusedSince(beforeMs, 1000)).map((row) => row.id);
      return [unused, ofJob, ofRemovedJob, recent].map((id) => ids.includes(id));
    };
    expect(await found(long)).toEqual([true, false, false, false]);
    expect(await found(nowMs)).toEqual([true, false, true, true]);

    const { row: model } = await models.insert(modelRow(kept.id));
    const predicted = predictionSpec(model.id, ofJob);
    await predictions.insert(predicted, { nowMs: long });
    await predictions.setOutput(predicted.id, { rowCount: 3, outputHash: 'h', previewJson: '{}' });
    await log.append({ kind: 'prediction', id: predicted.id }, [[long, 'o', 1, 'a line']]);
    const taken = async (beforeMs: number) => [
      (await log.predictionsDoneBefore(beforeMs, 1000)).includes(predicted.id),
      (await predictions.withOutputDoneBefore(beforeMs, 1000)).some((row) => row.id === predicted.id),
    ];
    expect(await taken(nowMs)).toEqual([false, false]);
    await predictions.enterPhase(predicted.id, 'releasing', '', 1);
    await predictions.close(predicted.id, { outcome: 'succeeded', reason: 'x', nowMs });
    expect(await taken(nowMs - 1)).toEqual([false, false]);
    expect(await taken(nowMs)).toEqual([true, true]);
    await log.deleteAll({ kind: 'prediction', id: predicted.id });
    await predictions.forgetOutput(predicted.id);
    expect(await taken(nowMs)).toEqual([false, false]);
  });

  test('a job leaves one model, however often it is collected', async () => {
    const job = await madeJob(stores());
    const row = modelRow(job.id);
    expect(await stores().models.insert(row)).toEqual({
      inserted: true,
      row: { ...row, deleted_at_ms: null },
    });
    expect(await stores().models.insert(modelRow(job.id))).toMatchObject({ inserted: false, row: { id: row.id } });
    expect(await stores().models.findByJob(job.id)).toEqual(await stores().models.get(workspaceId, row.id));
    expect(await stores().models.get('other', row.id)).toBeUndefined();
    expect((await stores().models.list(workspaceId, { text: 'iri', limit: 500 })).map((model) => model.id)).toContain(
      row.id,
    );
    expect(await stores().models.softDelete(workspaceId, row.id, nowMs)).toBe(true);
    expect(await stores().models.get(workspaceId, row.id)).toBeUndefined();
    expect(await stores().models.find(row.id)).toMatchObject({ deleted_at_ms: nowMs });
  });

  test('it is known what uses a dataset and what still needs a model', async () => {
    const { modelId, jobId, datasetId } = await madeModel();
    const spec = predictionSpec(modelId, datasetId);
    await stores().predictions.insert(spec, { nowMs });
    const child = await madeJob(stores(), { continuesJobId: jobId });
    const prediction = { kind: 'prediction', id: spec.id, name: 'Iris', phase: 'queued' };
    expect(await stores().datasets.usedBy(workspaceId, datasetId)).toEqual([
      expect.objectContaining({ kind: 'job', id: jobId }),
      prediction,
    ]);
    expect(await stores().models.usedBy(workspaceId, modelId)).toEqual([
      prediction,
      expect.objectContaining({ kind: 'job', id: child.id }),
    ]);
    await stores().predictions.close(spec.id, { outcome: 'succeeded', reason: 'x', nowMs });
    await stores().jobs.close(child.id, { outcome: 'cancelled', reason: 'x', nowMs });
    expect(await stores().models.usedBy(workspaceId, modelId)).toEqual([]);
    expect(await stores().models.usedBy('other', modelId)).toEqual([]);
  });

  test('a prediction is accepted once, goes its way and leaves its output', async () => {
    const { modelId, datasetId } = await madeModel();
    const { predictions } = stores();
    const spec = predictionSpec(modelId, datasetId);
    expect(await predictions.insert(spec, { nowMs })).toMatchObject({ inserted: true, row: { phase: 'queued' } });
    expect(await predictions.insert(spec, { nowMs: 1 })).toMatchObject({ inserted: false });
    const other = predictions.insert({ ...spec, engine: 'other' }, { nowMs });
    await expect(other).rejects.toMatchObject({ name: 'IdempotencyConflict' });
    expect(await predictions.enterPhase(spec.id, 'preparing', 'x', 0)).toBe(true);
    expect(await predictions.enterPhase(spec.id, 'training', 'x', 0)).toBe(false);
    await predictions.enterPhase(spec.id, 'releasing', 'x', 0);
    await predictions.setOutput(spec.id, { rowCount: 3_000_000_000, outputHash: 'h', previewJson: '[]' });
    expect(await predictions.close(spec.id, { outcome: 'succeeded', reason: 'Done.', nowMs })).toBe('closed');
    expect(await predictions.get(workspaceId, spec.id)).toMatchObject({
      row_count: 3_000_000_000,
      output_hash: 'h',
      outcome: 'succeeded',
      version: 5,
    });
    expect(await predictions.list(workspaceId, { modelId })).toHaveLength(1);
    expect(await predictions.list('other', { modelId })).toEqual([]);
  });
});
