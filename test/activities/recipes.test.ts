import { randomUUID } from 'node:crypto';
import type { Holder } from '../../domain/ids.ts';
import type { JobRequestInput } from '../../domain/job-spec.ts';
import { fittedRecipeSchema } from '../../domain/recipe/fitted-recipe.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import { keptModel, objectsOf, rowsIn, uploaded } from './files.ts';
import { type Ground, openGround } from './ground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const cities = ['Berlin', 'Paris', 'Rome'];
const lines = Array.from({ length: 60 }, (_, n) => {
  const age = n % 7 === 0 ? '' : 20 + (n % 40);
  return `${age}, ${cities[n % 3]} ,${n % 4 === 0 ? 'yes' : 'no'}`;
});
const customers = `age,city,churned\n${lines.join('\n')}\n`;

const step = (id: string, kind: string, settings: Step['settings'], more: Partial<Step> = {}): Step => {
  return { id, kind, on: true, onFailure: 'empty', settings, ...more };
};
const clean = [
  step('s1', 'trim-text', { columns: ['city'] }),
  step('s2', 'fill-missing', { columns: ['age'], with: 'median' }),
  step('s3', 'target-encode', { columns: ['city'], label: 'churned', chosen: 'yes' }),
  step('off', 'drop-missing', { columns: ['age'] }, { on: false }),
];

async function recipe(datasetId: string, steps: Step[]): Promise<{ recipeId: string; recipeVersion: number }> {
  const { recipes } = ground.dependencies.stores;
  const own = { id: randomUUID(), workspace_id: 'default', owner: 'tester', name: 'clean' };
  await recipes.insert({ ...own, dataset_id: datasetId, steps_json: JSON.stringify(steps) }, Date.now());
  await recipes.saveVersion({ workspaceId: 'default', id: own.id, owner: 'tester', nowMs: Date.now() });
  return { recipeId: own.id, recipeVersion: 1 };
}

async function job(csv: string, steps: Step[], request: Partial<JobRequestInput> = {}): Promise<Holder> {
  const datasetId = await uploaded(ground, csv);
  const { holder } = await ground.accept({
    datasetId,
    task: { kind: 'binary', labels: ['churned'] },
    ...(await recipe(datasetId, steps)),
    ...request,
  });
  await ground.activities.createBucket(holder);
  return holder;
}

const staged = (holder: Holder) => ground.activities.stageTraining(holder);
const textIn = (holder: Holder, object: string) => objectsOf(ground, holder).get(object)?.toString() ?? '';

async function trainerSpec(holder: Holder) {
  await ground.activities.createSignals(holder);
  await ground.activities.createMachine({ ...holder, attempt: 1, secondsLeft: 60, longestSecondsLeft: 60 });
  return JSON.parse(textIn(holder, 'input/spec.json'));
}

test('the rows are prepared, with the fold by which its steps were fitted', async () => {
  const holder = await job(customers, clean, { split: { folds: 3, holdoutFraction: 0.25, seed: 4 } });
  await staged(holder);
  const rows = await rowsIn(ground, holder, 'input/data.parquet');
  expect(rows).toHaveLength(60);
  expect(Object.keys(rows[0] ?? {})).toEqual(['age', 'city', 'churned', '__ty_fold']);
  const folds = rows.map(({ __ty_fold: fold }) => Number(fold));
  expect(new Set(folds)).toEqual(new Set([-1, 0, 1, 2]));
  expect(folds.filter((fold) => fold === -1).length).toBeGreaterThanOrEqual(14);
  expect(rows.every(({ age, city }) => age !== null && typeof city === 'number')).toBe(true);
});

test('what a model will keep of it asks for rows as they came, and never for the label', async () => {
  const holder = await job(customers, clean);
  await staged(holder);
  const fitted = fittedRecipeSchema.parse(JSON.parse(textIn(holder, 'input/recipe/recipe.json')));
  expect(fitted.inputColumns).toEqual([
    { name: 'age', type: 'BIGINT' },
    { name: 'city', type: 'VARCHAR' },
  ]);
  const golden = await rowsIn(ground, holder, 'input/recipe/golden.parquet');
  expect(golden).toHaveLength(20);
  expect(Object.keys(golden[0] ?? {})).toEqual(['age', 'city']);
});

test('the trainer is told of each step, and by which columns it learns', async () => {
  const holder = await job(customers, [...clean, step('s5', 'drop-duplicates', { columns: ['age', 'city'] })]);
  await staged(holder);
  const told = JSON.parse(textIn(holder, 'input/recipe/preparation.json'));
  expect(told).toMatchObject({ recipe: { name: 'clean', version: 1 }, rowsIn: 60, crossFitted: ['s3'] });
  expect(told.steps.map(({ place }: { place: number }) => place)).toEqual([1, 2, 3, 5]);
  expect(told.steps[1].learned).toMatch(/from the training rows: “age”: \d+/);
  expect(told.steps[3].leftOut).toBe(60 - told.rowsOut);
  expect(told.steps[3].leftOut).toBeGreaterThan(0);
  expect(await trainerSpec(holder)).toMatchObject({
    recipe: 'input/recipe',
    columns: [
      { name: 'age', sqlType: 'BIGINT', role: 'feature' },
      { name: 'city', sqlType: 'DOUBLE', role: 'feature' },
      { name: 'churned', sqlType: 'VARCHAR', role: 'label' },
    ],
  });
});

test('rows with several labels are divided by chance, and the trainer is told of each label', async () => {
  const rows = Array.from({ length: 60 }, (_, n) => `${n % 7 === 0 ? '' : 20 + n},${n % 5 === 0}`);
  const holder = await job(
    `age,lost\n${rows.join('\n')}\n`,
    [
      step('s1', 'fill-missing', { columns: ['age'], with: 'median' }),
      // Made after a step that learns, so no rows could be divided by it: of several labels that is as always.
      step('s2', 'make-column', { name: 'late', formula: 'age > 45' }),
    ],
    { task: { kind: 'multilabel', labels: ['late', 'lost'] }, engine: { name: 'torch' } },
  );
  await staged(holder);
  const [note, ...others] = await ground.dependencies.stores.timeline.list(holder);
  expect([note?.text, others]).toEqual([expect.stringMatching(/of 60 rows 60 are left\.$/), []]);
  expect(await trainerSpec(holder)).toMatchObject({
    task: { kind: 'multilabel', labels: ['late', 'lost'] },
    columns: [{ role: 'feature' }, { name: 'lost', role: 'label' }, { name: 'late', role: 'label' }],
  });
});

test('one label of several that a step leaves no two values of is refused before a machine is made', async () => {
  const rows = Array.from({ length: 60 }, (_, n) => `${n},${n % 2 === 0},${n < 30}`);
  const holder = await job(
    `age,late,lost\n${rows.join('\n')}\n`,
    [step('s1', 'filter-rows', { by: 'formula', formula: 'age >= 30' })],
    { task: { kind: 'multilabel', labels: ['late', 'lost'] }, engine: { name: 'torch' } },
  );
  await expect(staged(holder)).rejects.toMatchObject({
    type: 'BadLabel',
    message: expect.stringContaining('“lost” has the same value'),
  });
});

test('what it did is on the timeline, once', async () => {
  const holder = await job(customers, [step('s1', 'drop-missing', { columns: ['age'] })]);
  await staged(holder);
  objectsOf(ground, holder).delete('input/recipe/preparation.json');
  await staged(holder);
  const timeline = await ground.dependencies.stores.timeline.list(holder);
  expect(timeline.map(({ text }) => text)).toEqual([
    'The data was prepared by version 1 of the recipe “clean”: of 60 rows 51 are left.',
  ]);
});

test('too few rows to learn from are refused before a machine is made', async () => {
  const holder = await job('age,city,churned\n1,a,yes\n,b,no\n,c,yes\n4,d,no\n,e,no\n6,f,yes\n', [
    step('s1', 'drop-missing', { columns: ['age'] }),
  ]);
  await expect(staged(holder)).rejects.toMatchObject({
    type: 'BadData',
    message: expect.stringMatching(/^After the recipe \d rows are left to learn from and \d to judge by: too few/),
  });
});

const keepWhere = (formula: string) => [step('s1', 'filter-rows', { by: 'formula', formula })];
const evenly = Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? 'yes' : 'no'));
const severalClasses: JobRequestInput['task'] = { kind: 'multiclass', labels: ['churned'] };
const inFolds = (folds: number) => ({ split: { folds, holdoutFraction: 0.2, seed: 0 } });

interface Untrainable {
  /** Of each row, whose age is its number from 0. */
  classes: string[];
  keep: string;
  more?: Partial<JobRequestInput>;
  says: RegExp;
  type?: string;
}

test.each<[string, Untrainable]>([
  [
    'has lost every label',
    { classes: [...evenly.map(() => ''), 'yes'], keep: '[age] < 24', says: /Every row lacks a value in “churned”/ },
  ],
  [
    'has one class left',
    {
      classes: ['no', 'no', ...evenly.map(() => 'yes')],
      keep: '[age] > 1',
      says: /^After the recipe “clean”: “churned” has the same value \(“yes”\) in every row/,
    },
  ],
  [
    'has a class of one row',
    {
      classes: ['maybe', 'maybe', ...evenly],
      keep: '[age] > 0',
      more: { task: severalClasses },
      says: /In “churned”, the class “maybe” has one row only/,
    },
  ],
  [
    'has a class of one row behind more classes than a profile lists',
    {
      classes: ['rare', 'rare', ...Array.from({ length: 150 }, (_, n) => `class ${n % 25}`)],
      keep: '[age] > 0',
      more: { task: severalClasses },
      says: /the class “rare” has one row only/,
    },
  ],
  [
    'has three classes and not two',
    { classes: ['maybe', 'maybe', 'maybe', ...evenly], keep: '[age] > 0', says: /3 different values, not two/ },
  ],
  [
    'lacks the class that was chosen',
    {
      classes: ['on', ...evenly],
      keep: '[age] > 0',
      more: { task: { kind: 'binary', labels: ['churned'], positiveClass: 'on' } },
      says: /“churned” has no value “on”. It has “no”, “yes”/,
    },
  ],
  [
    'has too few rows for the folds',
    {
      classes: [...evenly, ...evenly],
      keep: '[age] > 31',
      more: inFolds(14),
      says: /14 folds need at least 14 rows, but of 16 rows only 12 are left/,
      type: 'BadSettings',
    },
  ],
  [
    'has too few rows of a class for the folds',
    {
      classes: ['no', 'no', 'no', 'no', 'no', ...evenly.map(() => 'yes')],
      keep: '[age] > 1',
      more: inFolds(5),
      says: /5 folds need every class 5 times, but “no” has 3 rows/,
      type: 'BadSettings',
    },
  ],
])('data that %s after its recipe is refused before a machine is made', async (_what, given) => {
  const { classes, keep, more = {}, says, type = 'BadLabel' } = given;
  const rows = classes.map((value, n) => `${n},${value}`);
  const holder = await job(`age,churned\n${rows.join('\n')}\n`, keepWhere(keep), more);
  const refused = staged(holder);
  await expect(refused).rejects.toThrow(says);
  await expect(refused).rejects.toMatchObject({ type });
  expect([...objectsOf(ground, holder).keys()]).toEqual([]);
});

test('its steps learn once: again, nothing is laid out anew', async () => {
  const holder = await job(customers, clean);
  await staged(holder);
  const before = new Map(objectsOf(ground, holder));
  objectsOf(ground, holder).set('input/data.parquet', Buffer.from('as it was'));
  await staged(holder);
  expect(textIn(holder, 'input/data.parquet')).toBe('as it was');
  expect(textIn(holder, 'input/recipe/recipe.json')).toBe(before.get('input/recipe/recipe.json')?.toString());
});

test('after a staging that broke off, all of it is done again, with the same outcome', async () => {
  const holder = await job(customers, clean);
  await staged(holder);
  const objects = objectsOf(ground, holder);
  const before = new Map(objects);
  objects.delete('input/recipe/preparation.json');
  objects.set('input/data.parquet', Buffer.from('half'));
  await staged(holder);
  expect([...objects.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  for (const [name, bytes] of before) expect([name, objects.get(name)?.equals(bytes)]).toEqual([name, true]);
});

test('tables that a step looks things up in go with it', async () => {
  const other = await uploaded(ground, 'place,people\nBerlin,3.7\nParis,2.1\n');
  const look = step('s4', 'join', { dataset: other, keys: [{ from: 'city', to: 'place' }], take: ['people'] });
  const holder = await job(customers, [step('s1', 'trim-text', { columns: ['city'] }), look]);
  await staged(holder);
  const fitted = JSON.parse(textIn(holder, 'input/recipe/recipe.json'));
  expect(fitted.lookups).toMatchObject([{ name: 'lookup_s4', file: 'lookup_s4.parquet', datasetId: other }]);
  expect(await rowsIn(ground, holder, 'input/recipe/lookup_s4.parquet')).toHaveLength(2);
  const gone = await job(customers, [step('s1', 'trim-text', { columns: ['city'] }), look]);
  await ground.dependencies.stores.datasets.softDelete('default', other, Date.now());
  await expect(staged(gone)).rejects.toMatchObject({
    type: 'BadData',
    message: 'A dataset that the recipe looks things up in has been deleted.',
  });
});

test('the label that a step brings back from the same data is refused, and nothing is laid out', async () => {
  const named = `name,age,churned\n${lines.map((line, n) => `c${n},${line.replace(/,.*,/, ',')}`).join('\n')}\n`;
  const itself = await uploaded(ground, named);
  const look = (take: string[]) =>
    step('j1', 'join', { dataset: itself, keys: [{ from: 'name', to: 'name' }], take, prefix: 'their ' });
  const holder = await job(named, [look(['age', 'churned'])]);
  await expect(staged(holder)).rejects.toMatchObject({
    type: 'BadSettings',
    message: expect.stringMatching(/^Step 1 .* brings “churned” back from the same data, as “their churned”/),
  });
  expect([...objectsOf(ground, holder).keys()]).toEqual([]);
  await staged(await job(named, [look(['age'])]));
});

test('where rows are grouped, the groups are what a model is asked about', async () => {
  const orders = Array.from({ length: 40 }, (_, n) => `c${n % 12},${n},${n % 12 < 5 ? 'yes' : 'no'}`);
  const grouped = step('s1', 'aggregate-by-group', {
    groups: ['customer', 'churned'],
    measures: [{ from: 'amount', to: 'sum' }],
  });
  const holder = await job(`customer,amount,churned\n${orders.join('\n')}\n`, [
    grouped,
    step('s2', 'select-columns', { columns: ['customer'] }),
  ]);
  await staged(holder);
  const fitted = JSON.parse(textIn(holder, 'input/recipe/recipe.json'));
  const golden = await rowsIn(ground, holder, 'input/recipe/golden.parquet');
  expect(golden).toHaveLength(12);
  expect(Object.keys(golden[0] ?? {})).toEqual(fitted.inputColumns.map(({ name }: { name: string }) => name));
  expect(JSON.parse(textIn(holder, 'input/recipe/preparation.json')).steps[0]).toMatchObject({
    rowsIn: 40,
    rowsOut: 12,
    leftOut: 0,
  });
});

test.each([
  [
    'a column of the label',
    [step('s1', 'make-column', { name: 'z', formula: '[churned] = "yes"' })],
    /Step 1 .*“churned”/,
  ],
  ['a step that has lost its column', [step('s1', 'trim-text', { columns: ['town'] })], /Step 1 .*“town”/],
  ['the label taken out', [step('s1', 'select-columns', { columns: ['churned'] })], /no column “churned” to predict/],
])('%s is refused, and nothing is laid out', async (_what, steps, message) => {
  const holder = await job(customers, steps);
  await expect(staged(holder)).rejects.toMatchObject({ type: 'BadSettings', message: expect.stringMatching(message) });
  expect([...objectsOf(ground, holder).keys()]).toEqual([]);
});

test('a job that goes on is prepared by the same recipe, and gets the model beside it', async () => {
  const model = await keptModel(ground, [['age', 'BIGINT']], 'the archive');
  const holder = await job(customers, clean, { continuesJobId: model.job_id });
  await staged(holder);
  expect(textIn(holder, 'input/model.zip')).toBe('the archive');
  expect(await trainerSpec(holder)).toMatchObject({ recipe: 'input/recipe', startFrom: 'input/model.zip' });
});
