import { jobSpecSchema } from '../../../domain/job-spec.ts';
import { type ColumnProfile, datasetProfileSchema } from '../../../domain/dataset.ts';
import type { EngineFinding } from '../../../infra/engine-check.ts';
import { engineFindings } from '../../../web/services/engine-findings.ts';

const column = (name: string, more: Partial<ColumnProfile> = {}): ColumnProfile => ({
  ...{ name, type: 'number', sqlType: 'DOUBLE', missing: 0, distinct: 2, min: null, max: null, mean: null },
  ...{ top: [], histogram: [], remarks: [], ...more },
});
const profile = datasetProfileSchema.parse({ rows: 100, columns: [column('x'), column('y', { missing: 10 })] });
const specOf = (more: object = {}) =>
  jobSpecSchema.parse({
    ...{ id: '11111111-1111-4111-8111-111111111111', workspaceId: 'w', owner: 'ada', name: 'a job' },
    ...{ datasetId: '22222222-2222-4222-8222-222222222222', task: { kind: 'binary', labels: ['y'] } },
    ...{ engine: { name: 'forest' }, ...more },
  });
const machine = {
  ...{ name: 'small', title: 'A small machine', cpus: 2, memoryGib: 8, gpus: [], pricePerHourMicros: 0 },
  priceListDate: '2026-11-01',
};

let asked: Record<string, unknown>[];
let errors: unknown[];
beforeEach(() => {
  [asked, errors] = [[], []];
});
const find = async (answer: EngineFinding | Error | null, more: object = {}, trials: object[] = [{}]) =>
  (await findings(answer, more, trials)).problems;
const findings = (
  answer: EngineFinding | Error | null,
  more: object = {},
  trials: object[] = [{}],
  seconds: (number | null)[] = [],
) =>
  engineFindings(
    {
      engines: {
        ...{ describe: async () => [], isReady: () => true },
        check: async (each) => {
          asked.push(each);
          if (answer instanceof Error) throw answer;
          const times = seconds.map((one) => one && { fillsTime: false, seconds: one, firstSeconds: 1 });
          return { found: each.trials.map(() => answer), times: times.map((one) => one || null) };
        },
      },
      onError: (error) => errors.push(error),
    },
    { spec: specOf(more), columns: profile.columns, profile, machine, trials: trials as never },
  );

test('asks with the spec that the machine would get, and what is known of rows and machine', async () => {
  expect(await find(null)).toEqual([null]);
  expect(asked[0]).toMatchObject({
    ...{ kind: 'train', engine: 'forest', machine: { memoryGib: 8 }, trials: [{}] },
    columns: [
      { name: 'x', sqlType: 'DOUBLE', role: 'feature' },
      { name: 'y', sqlType: 'DOUBLE', role: 'label' },
    ],
    // 90 have a label, 18 are held out, and each of two classes may be rounded.
    rows: 70,
  });
  await find(null, { split: { timeColumn: 'x' } });
  await find(null, { recipeId: '33333333-3333-4333-8333-333333333333', recipeVersion: 1 });
  expect(asked.slice(1).map(({ rows }) => rows)).toEqual([null, null]);
});

test('tells how much there is to learn from, and takes the time of the trial that takes longest', async () => {
  const { time } = await findings(null, {}, [{}, {}, {}], [20, 300, null]);
  expect(time).toEqual({ fillsTime: false, seconds: 300, firstSeconds: 1 });
  expect(asked[0]?.['size']).toEqual({ rows: 80, cells: 1, pixels: 0, classes: 2, cpus: 2, gpus: 0 });
  expect((await findings(null)).time).toBeUndefined();
  expect((await findings(new Error('no Python'))).time).toBeUndefined();
});

test('what a person can change is a problem of its field', async () => {
  const message = 'Trees are too many.';
  expect(await find({ type: 'BadSettings', message, field: 'engine.settings.trees' })).toEqual([
    { field: 'engine.settings.trees', message },
  ]);
  expect(await find({ type: 'BadData', message, field: null })).toEqual([{ field: '', message }]);
});

test('what is not installed counts for machines of this computer only', async () => {
  const finding = { type: 'EngineUnavailable', message: 'There is no Java.', field: null };
  expect(await find(finding)).toEqual([{ field: 'engine.name', message: 'There is no Java.' }]);
  expect(await find(finding, { machine: { cloud: 'gcp', type: 'small' } })).toEqual([null]);
});

test('an engine that cannot be asked refuses nothing, and that is told', async () => {
  expect(await find(new Error('no Python'), {}, [{}, {}])).toEqual([null, null]);
  expect(await find({ type: 'TrainerBug', message: 'It failed.', field: null })).toEqual([null]);
  expect(errors.map(String)).toEqual([
    "Error: forest could not be asked about a job's settings.",
    "Error: forest failed over a job's settings: It failed.",
  ]);
});
