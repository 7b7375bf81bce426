import * as fc from 'fast-check';
import { type JobRequestInput, jobRequestSchema, jobSpecSchema } from '../../domain/job-spec.ts';
import { keptPredictionSpec, predictionSpecSchema } from '../../domain/prediction-spec.ts';
import { payloadLimitBytes } from '../../temporal/data-converter.ts';

const id = '6f0d6c5e-7f3e-4d0a-9a30-1f1c5b1b9d11';
const least = {
  name: 'churn',
  datasetId: id,
  task: { kind: 'binary', labels: ['left'] },
  engine: { name: 'sklearn' },
} satisfies JobRequestInput;
const whole = { ...least, id, workspaceId: 'default', owner: 'somebody' };

/** Which fields are complained about, as a form would name them. */
function fieldsOf(given: object): string[] {
  const result = jobRequestSchema.safeParse({ ...least, ...given });
  return result.success ? [] : result.error.issues.map((issue) => issue.path.join('.'));
}

test('all that is not said has a default, and the spec is complete', () => {
  expect(jobSpecSchema.parse(whole)).toEqual({
    ...whole,
    recipeId: null,
    recipeVersion: null,
    task: { kind: 'binary', labels: ['left'], metric: null, positiveClass: null },
    ignoredColumns: [],
    engine: { name: 'sklearn', settings: {} },
    split: { holdoutFraction: 0.2, folds: 0, seed: 0, groupColumn: null, timeColumn: null },
    weightColumn: null,
    machine: { cloud: 'local', type: 'local', spot: false },
    limits: {
      trainingSeconds: 600,
      longestSeconds: 1200,
      attempts: 3,
      spotAttempts: 2,
      silenceSeconds: 120,
      budgetMicros: null,
    },
    continuesJobId: null,
  });
});

test('a spec that was parsed parses again to itself, also after a way as JSON', () => {
  const spec = jobSpecSchema.parse(whole);
  expect(jobSpecSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

test('a request may leave its id to the server', () => {
  expect(jobRequestSchema.parse(least).id).toBeUndefined();
});

test.each([
  ['name', { name: '   ' }],
  ['name', { name: 'x'.repeat(81) }],
  ['id', { id: 'not-a-uuid' }],
  ['datasetId', { datasetId: '' }],
  ['task.labels', { task: { kind: 'binary', labels: [] } }],
  ['task.labels.0', { task: { kind: 'binary', labels: [''] } }],
  ['task.kind', { task: { kind: 'ranking', labels: ['left'] } }],
  ['task.metric', { task: { kind: 'binary', labels: ['left'], metric: 'rmse' } }],
  ['task.metric', { task: { kind: 'regression', labels: ['left'], metric: 'roc_auc' } }],
  ['task.labels', { task: { kind: 'multilabel', labels: ['left'] } }],
  ['task.labels', { task: { kind: 'multilabel', labels: ['left', 'late', 'left'] } }],
  ['task.metric', { task: { kind: 'multilabel', labels: ['left', 'late'], metric: 'accuracy' } }],
  ['task.metric', { task: { kind: 'binary', labels: ['left'], metric: 'roc_auc_mean' } }],
  ['engine.name', { engine: { name: '../engine' } }],
  ['engine.settings.depth', { engine: { name: 'sklearn', settings: { depth: { deep: 1 } } } }],
  ['split.holdoutFraction', { split: { holdoutFraction: 0.6 } }],
  ['split.folds', { split: { folds: 2.5 } }],
  ['split.seed', { split: { seed: 2 ** 31 } }],
  ['machine.cloud', { machine: { cloud: 'cellar' } }],
  ['limits.trainingSeconds', { limits: { trainingSeconds: 9 } }],
  ['limits.trainingSeconds', { limits: { trainingSeconds: 8 * 86_400 } }],
  ['limits.longestSeconds', { limits: { trainingSeconds: 600, longestSeconds: 599 } }],
  ['limits.attempts', { limits: { attempts: 0 } }],
  ['limits.silenceSeconds', { limits: { silenceSeconds: 5 } }],
  ['limits.budgetMicros', { limits: { budgetMicros: -1 } }],
  ['limits.budgetMicros', { limits: { budgetMicros: 0.5 } }],
  ['continuesJobId', { continuesJobId: 'the last one' }],
])('what is wrong is told by its field: %s', (field, given) => {
  expect(fieldsOf(given)).toEqual([field]);
});

test('every mistake is told at once', () => {
  expect(fieldsOf({ name: '', split: { folds: -1 }, limits: { attempts: 99 } }).toSorted()).toEqual([
    'limits.attempts',
    'name',
    'split.folds',
  ]);
});

test('columns can be ignored by name as long as the spec fits into the history of its workflow', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `Größe der Spalte ${index}`);
  expect(fieldsOf({ ignoredColumns: names(1000) })).toEqual([]);
  expect(fieldsOf({ ignoredColumns: names(10_000) })).toEqual(['ignoredColumns']);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 2000 }), { maxLength: 100 }), (ignoredColumns) => {
      const result = jobSpecSchema.safeParse({ ...whole, ignoredColumns });
      if (result.success) expect(Buffer.byteLength(JSON.stringify(result.data))).toBeLessThan(payloadLimitBytes);
    }),
  );
});

test('training may be extended to twice its time unless something else was said, and the spec says which', () => {
  const longestOf = (limits: JobRequestInput['limits']) =>
    jobSpecSchema.parse({ ...whole, limits }).limits.longestSeconds;
  expect(longestOf({ trainingSeconds: 300 })).toBe(600);
  expect(longestOf({ trainingSeconds: 300, longestSeconds: null })).toBe(600);
  expect(longestOf({ longestSeconds: 700 })).toBe(700);
  // A request says only what a person said.
  expect(jobRequestSchema.parse(least).limits.longestSeconds).toBeNull();
});

test('a prediction has the same machine and limits of its own', () => {
  const asked = { id, workspaceId: 'default', owner: 'somebody', modelId: id, datasetId: id, engine: 'sklearn' };
  expect(predictionSpecSchema.parse(asked)).toEqual({
    ...asked,
    allow: { extraColumns: true, castTypes: true },
    machine: { cloud: 'local', type: 'local', spot: false },
    limits: { seconds: 3600, attempts: 3, silenceSeconds: 120, budgetMicros: null },
  });
  const wrong = predictionSpecSchema.safeParse({ ...asked, limits: { seconds: 5 } });
  expect(wrong.error?.issues.map((issue) => issue.path.join('.'))).toEqual(['limits.seconds']);
});

test('what may be done to data is kept with its prediction, and one from before it could be chosen allowed all', () => {
  const asked = { id, workspaceId: 'default', owner: 'somebody', modelId: id, datasetId: id, engine: 'sklearn' };
  const allowed = (allow?: object) => keptPredictionSpec(JSON.stringify({ ...asked, allow })).allow;
  expect(allowed()).toEqual({ extraColumns: true, castTypes: true });
  expect(allowed({ castTypes: false })).toEqual({ extraColumns: true, castTypes: false });
  expect(() => allowed({ castType: false })).toThrow(/castType/);
});
