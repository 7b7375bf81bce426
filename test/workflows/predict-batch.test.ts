import { machineNameOf } from '../../domain/ids.ts';
import { dollars } from '../../domain/money.ts';
import { keptModel, uploaded } from '../activities/files.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft, rowOf } from './holder-checks.ts';
import { hello, predicts, trainsUntilAsked, vanishes, worksInVain } from './scripts.ts';
import { closeTemporal, openTestYard, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
const csv = 'code,size\n007,1.5\nA12,2.5\n3,\n';
const predictionOf = ({ id }: { id: string }) => ({ kind: 'prediction', id }) as const;

async function yardWith(options: ConstructorParameters<typeof SimulatedCloud>[0]): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud(options));
  open.push(yard);
  return yard;
}

/** A model that learned `code` as text and `size` as a number, asked to predict what was uploaded. */
async function asked(yard: TestYard, upload = csv) {
  const columns: [string, string][] = [
    ['code', 'VARCHAR'],
    ['size', 'DOUBLE'],
  ];
  const model = await keptModel(yard, columns);
  return yard.acceptPrediction({ modelId: model.id, datasetId: await uploaded(yard, upload) });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('a prediction has one row for each row that was given, as Parquet and CSV, and leaves nothing in the cloud', async () => {
  const yard = await yardWith({ script: () => predicts });
  const prediction = predictionOf(await asked(yard));
  const row = await isDone(yard, prediction);
  expect(row).toMatchObject({ outcome: 'succeeded', row_count: 3, cost_is_final: 1, attempt: 1 });
  const preview = JSON.parse(row.preview_json ?? '{}');
  expect(preview.columns.map((column: { name: string }) => column.name)).toEqual(['code', 'size', 'prediction']);
  expect(preview.rows).toEqual([
    ['007', '1.5', 'small'],
    ['A12', '2.5', 'large'],
    ['3', null, 'small'],
  ]);
  const { store } = yard.dependencies;
  expect(await store.readText(`predictions/${prediction.id}/predictions.csv`)).toContain('A12,2.5,large');
  const released = yard.cloud.audit.filter((entry) => entry.startsWith('-'));
  expect(released[0]).toBe(`- machine ${machineNameOf({ ...prediction, attempt: 1 })}`);
  await nothingIsLeft(yard, prediction);
});

test('accepting twice makes one prediction', async () => {
  const yard = await yardWith({ script: () => predicts });
  const spec = await asked(yard);
  await Promise.all([yard.dependencies.work.startPrediction(spec), yard.dependencies.work.startPrediction(spec)]);
  await isDone(yard, predictionOf(spec));
  await yard.dependencies.work.startPrediction(spec);
  expect(yard.cloud.audit.filter((entry) => entry.startsWith('+ machine'))).toHaveLength(1);
});

test.each([
  ['a column that is missing', 'code\n007\n', 'no column “size”'],
  ['a value of another kind', 'code,size\n007,1\nA12,large\n', 'Row 2, column “size”: found “large”'],
])('%s is named before a machine is made', async (_what, upload, sentence) => {
  const yard = await yardWith({ script: () => predicts });
  const prediction = predictionOf(await asked(yard, upload));
  const row = await isDone(yard, prediction);
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'BadData', attempt: 0, row_count: null });
  expect(row.reason).toContain(sentence);
  expect(yard.cloud.audit.filter((entry) => entry.startsWith('+ machine'))).toEqual([]);
  await nothingIsLeft(yard, prediction);
});

test('a lost machine is followed by another one', async () => {
  const yard = await yardWith({ script: (order) => (order.attempt === 1 ? vanishes : predicts) });
  const prediction = predictionOf(await asked(yard));
  expect(await isDone(yard, prediction, 40)).toMatchObject({ outcome: 'succeeded', attempt: 2, row_count: 3 });
  const machines = yard.cloud.audit.filter((entry) => entry.includes('machine'));
  expect(machines.map((entry) => entry.slice(0, 1)).join('')).toBe('+-+-');
  await nothingIsLeft(yard, prediction);
}, 60_000);

test('cancel ends it without an output and leaves nothing', async () => {
  const yard = await yardWith({ script: () => trainsUntilAsked });
  const prediction = predictionOf(await asked(yard));
  await inPhase(yard, prediction, 'training');
  await yard.dependencies.work.cancel(prediction);
  expect(await isDone(yard, prediction)).toMatchObject({ outcome: 'cancelled', output_hash: null });
  expect(await yard.dependencies.store.list('predictions/')).toEqual([]);
  await nothingIsLeft(yard, prediction);
});

test('it waits for a place like a job, behind what was accepted before it', async () => {
  const script = (order: { kind: string }) => (order.kind === 'job' ? trainsUntilAsked : predicts);
  const yard = await yardWith({ places: 1, script });
  const job = { kind: 'job', id: (await yard.accept()).id } as const;
  await inPhase(yard, job, 'training');
  const prediction = predictionOf(await asked(yard));
  const waits = 'The one place is taken; it is next.';
  await until('it waits', async () => (await rowOf(yard, prediction)).sentence === waits);
  await yard.dependencies.work.cancel(job);
  expect(await isDone(yard, prediction)).toMatchObject({ outcome: 'succeeded' });
}, 60_000);

describe('on a machine that is billed', () => {
  /** Ten cents a second; two minutes to go are twelve dollars. */
  const usual = { pricePerHourMicros: dollars(360) };
  const limited = async (script: Script, budget: number) => {
    const yard = await yardWith({ script: () => script, usual });
    const model = await keptModel(yard, [['code', 'VARCHAR']]);
    const datasetId = await uploaded(yard, 'code\n007\n');
    const limits = { seconds: 600, attempts: 3, silenceSeconds: 60, budgetMicros: dollars(budget) };
    return { yard, prediction: predictionOf(await yard.acceptPrediction({ modelId: model.id, datasetId, limits })) };
  };

  test('stops before its cap, over budget, and says that not every row has its prediction', async () => {
    const { yard, prediction } = await limited(worksInVain, 13);
    const row = await isDone(yard, prediction, 40);
    expect(row).toMatchObject({ outcome: 'over_budget', cost_is_final: 1 });
    expect(row.reason).toBe('The budget was used up before every row had its prediction.');
    expect(row.cost_micros).toBeLessThanOrEqual(dollars(13 * 0.95));
    await nothingIsLeft(yard, prediction);
  }, 60_000);

  test('is warned at 80 %, and taken down at the whole of it when nothing else does', async () => {
    const { yard, prediction } = await limited(async (actor) => {
      hello(actor);
      await actor.gone;
    }, 30);
    await inPhase(yard, prediction, 'training');
    const machine = yard.cloud.machines.get(machineNameOf({ ...prediction, attempt: 1 }));
    const { stores } = yard.dependencies;
    const setStart = async (seconds: number) => {
      const startedAtMs = Date.now() - seconds * 1000;
      if (machine) machine.seen.startedAtMs = startedAtMs;
      await stores.database.run(undefined, (db) =>
        db('resources').where({ holder_id: prediction.id, kind: 'machine' }).update({ started_at_ms: startedAtMs }),
      );
    };
    const warnings = async () => (await stores.timeline.list(prediction)).filter(({ kind }) => kind === 'warning');
    await setStart(245);
    await until('it is warned', async () => (await warnings()).length > 0, 20);
    expect((await warnings())[0]?.text).toMatch(/^80 % of the budget is used: .* At 95 % at the latest it stops\.$/);
    await setStart(300);
    const row = await isDone(yard, prediction, 30);
    expect(row).toMatchObject({ outcome: 'over_budget', failure_type: 'OverBudget', attempt: 1 });
    await nothingIsLeft(yard, prediction);
  }, 90_000);
});
