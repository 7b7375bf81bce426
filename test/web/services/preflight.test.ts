import { type ColumnProfile, datasetProfileSchema } from '../../../domain/dataset.ts';
import { engineSchema } from '../../../domain/engine.ts';
import { type JobRequest, jobRequestSchema } from '../../../domain/job-spec.ts';
import { dollars } from '../../../domain/money.ts';
import { preflight } from '../../../web/services/preflight.ts';

const column = (name: string): ColumnProfile => ({
  ...{ name, type: 'number', sqlType: 'DOUBLE', missing: 0, distinct: 1000, min: null, max: null, mean: null },
  ...{ top: [], histogram: [], remarks: [] },
});
const profileOf = (rows: number) =>
  datasetProfileSchema.parse({ rows, columns: Array.from({ length: 100 }, (_each, i) => column(`x${i}`)) });
const engine = engineSchema.parse({
  ...{ name: 'forest', title: 'Forest', summary: '', tasks: ['regression'], settings: [], continues: false },
  environment: { downloadMegabytes: 1, installSeconds: 1, preparedAtStart: true },
  needs: { baseMegabytes: 512, bytesPerCell: 50, baseSeconds: 10, secondsPerMillionCells: 1 },
});
const sizeOf = (name: string, memoryGib: number, price: number) => ({
  ...{ name, title: `A ${name} machine`, cpus: 2, memoryGib, gpus: [], pricePerHourMicros: dollars(price) },
  priceListDate: '2026-11-01',
});
const [small, large] = [sizeOf('small', 8, 0.1), sizeOf('large', 32, 0.4)];
const asked = (more: object = {}): JobRequest =>
  jobRequestSchema.parse({
    ...{ name: 'a job', datasetId: '11111111-1111-4111-8111-111111111111', engine: { name: 'forest' } },
    task: { kind: 'regression', labels: ['x0'] },
    ...more,
  });
const look = (rows: number, types = [small, large], more: object = {}) =>
  preflight({ request: asked(more), profile: profileOf(rows), engine, machine: small, types });

test('says nothing against what fits, and how much it needs', () => {
  expect(look(10_000)).toEqual({
    problems: [],
    warnings: [],
    estimate: {
      memoryBytes: 512 * 1024 ** 2 + 1e6 * 58,
      machineMemoryBytes: 8 * 1024 ** 3,
      firstModelSeconds: 11,
      ...{ trainingSeconds: null, fillsTime: false },
      fits: true,
      suggestedType: null,
    },
  });
});

test('warns of what probably does not fit, with the machine that would do', () => {
  const { warnings, problems, estimate } = look(2_000_000);
  expect(problems).toEqual([]);
  expect(warnings).toEqual([
    'Forest probably needs about 11 GiB of memory for 2,000,000 rows × 100 columns, and A small machine has 8.0: it may run out. The machine “large” would do (32 GiB, $0.40 an hour). Or take less data.',
  ]);
  expect(estimate).toMatchObject({ fits: false, suggestedType: 'large' });
});

test('without a larger machine it says what else can be done', () => {
  const { warnings, estimate } = look(2_000_000, [small]);
  expect(warnings[0]).toMatch(/it may run out\. Take less data, or ignore columns that say little\.$/);
  expect(estimate).toMatchObject({ fits: false, suggestedType: null });
});

test('refuses only data that is larger than the machine by itself', () => {
  expect(look(10_000_000).problems).toEqual([]);
  expect(look(11_000_000).problems).toEqual([
    {
      field: 'machine.type',
      message:
        'The data alone is about 8.2 GiB in memory (11,000,000 rows × 100 columns), and A small machine has 8.0: it cannot fit. Take less data, or ignore columns that say little.',
    },
  ]);
  // A recipe may leave out most of it.
  const prepared = look(11_000_000, [small], { recipeId: '22222222-2222-4222-8222-222222222222' });
  expect(prepared.problems).toEqual([]);
  expect(prepared.warnings[0]).toContain('11,000,000 rows × 100 columns, before its recipe, and');
});

test('warns of a first model that takes longer than the time limit', () => {
  expect(look(600_000, [small], { limits: { trainingSeconds: 60 } }).warnings).toEqual([
    'The first model of Forest will probably take about 70 s, and the time limit is 60 s: it may end without a model. Give it more time, or less data.',
  ]);
  expect(look(600_000, [small], { limits: { trainingSeconds: 80 } }).warnings).toEqual([]);
});

const timed = (seconds: number | null, firstSeconds: number | null, trainingSeconds = 600) =>
  preflight({
    ...{ request: asked({ limits: { trainingSeconds } }), profile: profileOf(10_000), engine, machine: small },
    ...{ types: [small], time: { fillsTime: seconds === null, seconds, firstSeconds } },
  });

test('what the engine makes of the settings goes before what it declares', () => {
  expect(timed(42.2, 20.1)).toMatchObject({
    warnings: [],
    estimate: { firstModelSeconds: 21, trainingSeconds: 43, fillsTime: false },
  });
  expect(timed(3000, 700).warnings).toEqual([
    'The first model of Forest will probably take about 12 min, and the time limit is 10 min: it may end without a model. Give it more time, or less data.',
  ]);
});

test('warns of a training that the limit cuts short, and keeps the best of', () => {
  expect(timed(3000, 20).warnings).toEqual([
    'Forest will probably take about 50 min with these settings, and the time limit is 10 min: it is stopped there, and the best until then is kept.',
  ]);
});

test('what uses all of its time has no time of its own', () => {
  expect(timed(null, null)).toMatchObject({
    warnings: [],
    estimate: { firstModelSeconds: 11, trainingSeconds: null, fillsTime: true },
  });
});

test('of an engine that nobody measured nothing is estimated', () => {
  const unknown = { ...engine, needs: null };
  const found = preflight({
    ...{ request: asked(), profile: profileOf(11_000_000), engine: unknown, machine: small, types: [small] },
  });
  expect(found).toEqual({ problems: [], warnings: [] });
});
