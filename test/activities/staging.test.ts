import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Holder } from '../../domain/ids.ts';
import type { Allow } from '../../domain/prediction-spec.ts';
import { keptModel, objectsOf, rowsIn, uploaded } from './files.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterEach(() => {
  const left = readdirSync(ground.dependencies.scratchFolder).filter((name) => name.startsWith('work-'));
  expect(left).toEqual([]);
});
afterAll(() => ground.close());

const inputsOf = (holder: Holder) =>
  [...objectsOf(ground, holder)].map(([name, bytes]) => [name, bytes.toString('hex')] as const);
const namesOf = (holder: Holder) => inputsOf(holder).map(([name]) => name);
const softDelete = (table: 'datasets' | 'models', id: string) =>
  ground.dependencies.stores[table].softDelete('default', id, Date.now());

describe('for training', () => {
  const csv = 'x,y\n1.5,0\n2.5,1\n,0\n';
  const staged = (holder: Holder) => ground.activities.stageTraining(holder);

  async function job(request: Parameters<Ground['accept']>[0] = {}): Promise<Holder> {
    const { holder } = await ground.accept({ datasetId: await uploaded(ground, csv), ...request });
    await ground.activities.createBucket(holder);
    return holder;
  }

  test('the data lies in the bucket as it was taken in, however often it is laid there', async () => {
    const holder = await job();
    await staged(holder);
    const before = inputsOf(holder);
    await staged(holder);
    expect(inputsOf(holder)).toEqual(before);
    expect(await rowsIn(ground, holder, 'input/data.parquet')).toEqual([
      { x: 1.5, y: 0 },
      { x: 2.5, y: 1 },
      { x: null, y: 0 },
    ]);
  });

  test('a job that continues another gets its model too', async () => {
    const model = await keptModel(ground, [['x', 'DOUBLE']], 'the archive');
    const holder = await job({ continuesJobId: model.job_id });
    await staged(holder);
    await staged(holder);
    expect(namesOf(holder)).toEqual(['input/data.parquet', 'input/model.zip']);
    expect(objectsOf(ground, holder).get('input/model.zip')?.toString()).toBe('the archive');
  });

  test('data or a model that was deleted meanwhile is said to be', async () => {
    const model = await keptModel(ground, [['x', 'DOUBLE']]);
    const holder = await job({ continuesJobId: model.job_id });
    await softDelete('models', model.id);
    await expect(staged(holder)).rejects.toMatchObject({
      type: 'BadSpec',
      message: 'The model that this job was to continue has been deleted.',
    });
    const datasetId = await uploaded(ground, 'x,y\n7,1\n8,0\n');
    const other = await job({ datasetId });
    await softDelete('datasets', datasetId);
    await expect(staged(other)).rejects.toMatchObject({
      type: 'BadData',
      message: 'The dataset of this job has been deleted.',
    });
  });
});

describe('for predicting', () => {
  const columns: [string, string][] = [
    ['code', 'VARCHAR'],
    ['size', 'DOUBLE'],
  ];
  const staged = (holder: Holder) => ground.activities.stagePrediction(holder);

  async function prediction(csv: string, given: { modelId?: string; allow?: Allow } = {}): Promise<Holder> {
    const modelId = given.modelId ?? (await keptModel(ground, columns)).id;
    const datasetId = await uploaded(ground, csv);
    const { allow = { extraColumns: true, castTypes: true } } = given;
    const { holder } = await ground.acceptPrediction({ modelId, datasetId, allow });
    await ground.activities.createBucket(holder);
    return holder;
  }

  test('the data has the columns of the model, and the model lies beside it', async () => {
    const holder = await prediction('size,code,note\n1,A,first\n2.5,B,second\n');
    await staged(holder);
    const before = inputsOf(holder);
    await staged(holder);
    expect(inputsOf(holder)).toEqual(before);
    expect(namesOf(holder)).toEqual(['input/data.parquet', 'input/model.zip']);
    expect(await rowsIn(ground, holder, 'input/data.parquet')).toEqual([
      { size: 1, code: 'A', note: 'first' },
      { size: 2.5, code: 'B', note: 'second' },
    ]);
  });

  test('text that looks like numbers is the text that was uploaded', async () => {
    const holder = await prediction('code,size\n1.50,3\n2.0,4\n');
    await staged(holder);
    expect(await rowsIn(ground, holder, 'input/data.parquet')).toEqual([
      { code: '1.50', size: 3 },
      { code: '2.0', size: 4 },
    ]);
  });

  test.each([
    [{ extraColumns: false, castTypes: true }, /^The data has the column “note” \(text\)/],
    [{ extraColumns: true, castTypes: false }, /“size” is whole number, not number\. Change the column/],
  ])('nothing is mended that was not allowed: %j', async (allow, message) => {
    const holder = await prediction('size,code,note\n1,A,first\n2,B,second\n', { allow });
    await expect(staged(holder)).rejects.toMatchObject({ type: 'BadData', message: expect.stringMatching(message) });
    expect(namesOf(holder)).toEqual([]);
  });

  test('where only the Parquet is left, that is taken', async () => {
    const holder = await prediction('code,size\nA,3\n');
    const { store, stores } = ground.dependencies;
    const row = await stores.predictions.find(holder.id);
    const dataset = await stores.datasets.find(row?.dataset_id ?? '');
    await store.remove(`datasets/${dataset?.content_hash}/original`);
    await staged(holder);
    expect(await rowsIn(ground, holder, 'input/data.parquet')).toEqual([{ code: 'A', size: 3 }]);
  });

  test.each([
    ['a column that is missing', 'size\n3\n', /no column “code”/],
    ['a value that does not fit', 'code,size\nA,3\nB,large\n', /Row 2, column “size”: found “large”/],
  ])('%s is named, and nothing is laid out', async (_what, csv, message) => {
    const holder = await prediction(csv);
    await expect(staged(holder)).rejects.toMatchObject({ type: 'BadData', message: expect.stringMatching(message) });
    expect(namesOf(holder)).toEqual([]);
  });

  test('data or a model that was deleted meanwhile is said to be', async () => {
    const model = await keptModel(ground, columns);
    const holder = await prediction('code,size\nA,3\n', { modelId: model.id });
    await softDelete('models', model.id);
    await expect(staged(holder)).rejects.toMatchObject({
      type: 'NotFound',
      message: 'The model of this prediction has been deleted.',
    });
  });

  test('the spec of its trainer names engine, model and data', async () => {
    const holder = await prediction('code,size\nA,3\n');
    await ground.activities.createSignals(holder);
    await ground.activities.createMachine({ ...holder, attempt: 1, secondsLeft: 60, longestSecondsLeft: 60 });
    const spec = JSON.parse(objectsOf(ground, holder).get('input/spec.json')?.toString() ?? '');
    expect(spec).toEqual({
      kind: 'predict',
      predictionId: holder.id,
      engine: 'sklearn',
      model: 'input/model.zip',
      data: 'input/data.parquet',
    });
  });
});

describe('a model is code to whoever loads it', () => {
  const data = 'x\n1\n';
  const staged = async (modelId: string, trustForeignModels: boolean, on = ground) => {
    const { holder } = await on.acceptPrediction({ modelId, datasetId: await uploaded(on, data) });
    await on.activities.createBucket(holder);
    on.dependencies.trustForeignModels = trustForeignModels;
    await on.activities.stagePrediction(holder);
    return objectsOf(on, holder).get('input/model.zip')?.toString();
  };
  afterEach(() => {
    ground.dependencies.trustForeignModels = false;
  });

  test('one that was altered since it was made is not loaded', async () => {
    const model = await keptModel(ground, [['x', 'BIGINT']]);
    await ground.dependencies.store.putText(`models/${model.id}/model.zip`, 'another archive');
    await expect(staged(model.id, false)).rejects.toMatchObject({
      type: 'ModelNotTrusted',
      message: 'The archive of the model “a model” has been altered since it was made here; it is not loaded.',
    });
  });

  test('one that was signed elsewhere is not loaded, and the setting that allows it is named', async () => {
    const model = await keptModel(ground, [['x', 'BIGINT']]);
    const { database } = ground.dependencies.stores;
    const foreign = { signature_json: JSON.stringify({ keyId: 'feedfeedfeedfeed', archiveSignature: 'AAAA' }) };
    await database.transaction((trx) => trx('models').where({ id: model.id }).update(foreign));
    await expect(staged(model.id, false)).rejects.toMatchObject({
      type: 'ModelNotTrusted',
      message: expect.stringContaining('feedfeedfeedfeed'),
      hint: expect.stringContaining('TRAINYARD_TRUST_FOREIGN_MODELS'),
    });
    expect(await staged(model.id, true)).toBe('an archive');
  });

  test('one whose row and file were both changed is not loaded: only the key can sign', async () => {
    const model = await keptModel(ground, [['x', 'BIGINT']]);
    const { database } = ground.dependencies.stores;
    await ground.dependencies.store.putText(`models/${model.id}/model.zip`, 'another archive');
    const changed = { archive_hash: createHash('sha256').update('another archive').digest('hex') };
    await database.transaction((trx) => trx('models').where({ id: model.id }).update(changed));
    await expect(staged(model.id, false)).rejects.toMatchObject({
      type: 'ModelNotTrusted',
      message: expect.stringContaining('signature'),
    });
  });

  test('one that was made here is loaded', async () => {
    const model = await keptModel(ground, [['x', 'BIGINT']], 'ours');
    expect(await staged(model.id, false)).toBe('ours');
  });
});
