import { randomUUID } from 'node:crypto';
import type { Step } from '../../../domain/recipe/recipe.ts';
import { finishJob } from './finish-job.ts';
import { jobRequest, openYard, uploadCustomers, type Yard } from './open-yard.ts';

let yard: Yard;
let datasetId: string;

beforeAll(async () => {
  yard = await openYard();
  datasetId = await uploadCustomers(yard);
});
afterAll(() => yard.close());

const step = (id: string, kind: string, settings: Step['settings']): Step => {
  return { id, kind, on: true, onFailure: 'empty', settings };
};
const tidy = [
  step('s1', 'trim-text', { columns: ['plan'] }),
  step('s2', 'one-hot', { columns: ['plan'] }),
  step('s3', 'fill-missing', { columns: ['age'], with: 'median' }),
];

/** A recipe whose versions are these steps, one after the other. */
async function recipe(...versions: Step[][]): Promise<string> {
  const { recipes } = yard.stores;
  const own = { workspaceId: 'default', id: randomUUID(), owner: 'ada', nowMs: Date.now() };
  const { workspaceId: workspace_id, id, owner } = own;
  const steps_json = JSON.stringify(versions[0] ?? []);
  await recipes.insert({ id, workspace_id, owner, name: 'tidy', dataset_id: datasetId, steps_json }, own.nowMs);
  for (const steps of versions) {
    await recipes.edit(own, () => JSON.stringify(steps));
    await recipes.saveVersion(own);
  }
  return id;
}

const ask = (more: object) => yard.api.post('/jobs', jobRequest(datasetId, more));

test('a job keeps which version of a recipe prepares its data, and its page knows the name', async () => {
  const recipeId = await recipe(tidy.slice(0, 1), tidy);
  const { status, body } = await ask({ recipeId });
  expect([status, body.problems]).toEqual([201, undefined]);
  expect(yard.work.started.get(`job-${body.job.id}`)).toMatchObject({ recipeId, recipeVersion: 2 });
  const job = await yard.api.get(`/jobs/${body.job.id}`);
  expect(job.body.recipe).toEqual({ id: recipeId, name: 'tidy', version: 2 });
  const older = await ask({ recipeId, recipeVersion: 1 });
  expect(older.body.job.id).toBeDefined();
  expect((await yard.api.get(`/jobs/${older.body.job.id}`)).body.recipe.version).toBe(1);
});

test('without a recipe, nothing is said of one', async () => {
  const { body } = await ask({});
  expect(yard.work.started.get(`job-${body.job.id}`)).toMatchObject({ recipeId: null, recipeVersion: null });
  expect((await yard.api.get(`/jobs/${body.job.id}`)).body.recipe).toBeNull();
});

test.each<[string, Step[], object, { field: string; message: RegExp }]>([
  [
    'a step without its column',
    [step('s1', 'trim-text', { columns: ['town'] })],
    {},
    { field: 'recipeId', message: /^Step 1 \(.*\): There is no column “town”/ },
  ],
  [
    'a label that the recipe takes out',
    [step('s1', 'select-columns', { columns: ['churned'] })],
    {},
    { field: 'task.labels', message: /After the recipe there is no column “churned” to predict/ },
  ],
  [
    'what cannot be made without the label',
    [...tidy, step('s4', 'make-column', { name: 'z', formula: '[churned] = "yes"' })],
    {},
    { field: 'recipeId', message: /Step 4 .* makes “z” of “churned”, which is to be predicted/ },
  ],
  [
    'a number to predict that is text by then',
    tidy,
    { task: { kind: 'regression', labels: ['churned'] } },
    { field: 'task.kind', message: /After the recipe “churned” is text/ },
  ],
  [
    'a column to ignore that is not there by then',
    tidy,
    { ignoredColumns: ['plan'] },
    { field: 'ignoredColumns', message: /After the recipe there is no column “plan” to ignore/ },
  ],
  [
    'a dataset to look into that is gone',
    [step('s1', 'join', { dataset: randomUUID(), keys: [{ from: 'plan', to: 'plan' }], take: ['price'] })],
    {},
    { field: 'recipeId', message: /A dataset that the recipe looks things up in is not there/ },
  ],
])('%s is refused before anything is paid for', async (_what, steps, more, problem) => {
  const { status, body } = await ask({ recipeId: await recipe(steps), ...more });
  expect(status).toBe(422);
  expect(body.problems).toEqual([{ field: problem.field, message: expect.stringMatching(problem.message) }]);
});

test('a column that comes of a value of later rows is found in the whole file', async () => {
  const lines = Array.from(
    { length: 21_000 },
    (_, n) => `${n % 90},${n < 20_500 ? 'basic' : 'gold'},${n % 3}.5,${n % 5 === 0 ? 'yes' : 'no'}\n`,
  );
  const late = await yard.api.upload('/datasets', `age,plan,spend,churned\n${lines.join('')}`, 'late.csv');
  const gold = (from: string) => step('s2', 'rename-columns', { pairs: [{ from, to: 'is_gold' }] });
  const check = async (from: string) => {
    const recipeId = await recipe([step('s1', 'one-hot', { columns: ['plan'] }), gold(from)]);
    return (await yard.api.post('/jobs/check', jobRequest(late.body.id, { recipeId }))).body.problems;
  };
  expect(await check('plan_gold')).toEqual([]);
  expect(await check('plan_none')).toEqual([
    { field: 'recipeId', message: expect.stringMatching(/^Step 2 .*no column “plan_none”/) },
  ]);
  const predict = async (label: string) => {
    const recipeId = await recipe([step('s1', 'one-hot', { columns: ['plan'] })]);
    const task = { kind: 'binary', labels: [label], positiveClass: null };
    return (await yard.api.post('/jobs/check', jobRequest(late.body.id, { recipeId, task }))).body.problems;
  };
  expect(await predict('plan_gold')).toEqual([]);
  expect(await predict('plan_none')).toEqual([
    { field: 'task.labels', message: expect.stringMatching(/^After the recipe there is no column “plan_none”/) },
  ]);
});

describe('the label, looked up', () => {
  const names = Array.from(
    { length: 200 },
    (_, n) => `c${n},${20 + (n % 40)},${n % 5},${n % 3 === 0 ? 'yes' : 'no'}\n`,
  );
  const csv = `name,age,spend,churned\n${names.join('')}`;
  const look = (dataset: string, take: string[], more: object = {}) =>
    step('j1', 'join', { dataset, keys: [{ from: 'name', to: 'name' }], take, prefix: 'their ', ...more });
  const check = async (first: string, steps: Step[], labels = ['churned']) => {
    const task = { kind: 'binary', labels, positiveClass: null };
    const recipeId = await recipe(steps);
    return (await yard.api.post('/jobs/check', jobRequest(first, { recipeId, task }))).body;
  };
  let first: string;
  beforeAll(async () => {
    first = (await yard.api.upload('/datasets', csv, 'names.csv')).body.id;
  });

  test('in the same data is refused, also by another name', async () => {
    const rename = step('r1', 'rename-columns', { pairs: [{ from: 'churned', to: 'left' }] });
    const problem = {
      field: 'recipeId',
      message: expect.stringMatching(/^Step 1 .* brings “churned” back from the same data, as “their churned”/),
    };
    expect((await check(first, [look(first, ['age', 'churned'])])).problems).toEqual([problem]);
    expect((await check(first, [look(first, ['churned']), rename], ['left'])).problems).toEqual([problem]);
    const make = step('m1', 'make-column', { name: 'gone', formula: '[churned] = "yes"' });
    expect((await check(first, [look(first, ['churned']), make], ['gone'])).problems).toEqual([problem]);
    const fine = await check(first, [look(first, ['age'])]);
    expect([fine.problems, fine.warnings.filter((each: string) => /same as/.test(each))]).toEqual([[], []]);
  });

  test('in other data is warned of, and the editor says that a step looks into the same data', async () => {
    const other = await yard.api.upload('/datasets', csv.replace('churned', 'gone').replace('spend', 'x'), 'more.csv');
    const { problems, warnings } = await check(first, [look(other.body.id, ['gone', 'age'])]);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Step 1 .* brings “their gone”, which is the same as “churned” in each of 200 rows/),
    ]);
    const looks = [look(first, ['age']), { ...look(other.body.id, ['gone']), id: 'j2' }];
    const seen = await yard.api.post(`/recipes/${await recipe(looks)}/preview`, { datasetId: first, rows: 'first' });
    expect(seen.body.steps.map(({ warning }: { warning?: string }) => warning)).toEqual([
      expect.stringMatching(/looks into this same data/),
      undefined,
    ]);
  });
});

describe('the values of the label', () => {
  const check = (more: object) => yard.api.post('/jobs/check', jobRequest(datasetId, more));
  const oneClass = { task: { kind: 'binary', labels: ['churned'], positiveClass: 'maybe' } };
  const later = /^Steps of the recipe change “churned” or may leave rows out: .* checked when the data is prepared/;

  test('are checked when no step touches them, or a row', async () => {
    const recipeId = await recipe(tidy);
    const { body } = await check({ recipeId });
    expect([body.problems, body.warnings]).toEqual([[], []]);
    const wrong = await ask({ recipeId, ...oneClass });
    expect([wrong.status, wrong.body.problems]).toEqual([
      422,
      [{ field: 'task.positiveClass', message: expect.stringContaining('“churned” has no value “maybe”') }],
    ]);
    const spend = await check({ recipeId, task: { kind: 'binary', labels: ['spend'] } });
    expect(spend.body.problems[0].field).toMatch(/^task/);
  });

  test.each<[string, Step[]]>([
    ['a step changes them', [step('s1', 'trim-text', { columns: ['churned'], letters: 'upper' })]],
    ['a step leaves rows out', [...tidy, step('s4', 'drop-missing', { columns: ['age'] })]],
    ['a step needs the whole table', [...tidy, step('s4', 'drop-duplicates', { columns: ['age'] })]],
    [
      'a step drops what it cannot treat',
      [{ ...step('s1', 'change-type', { columns: ['plan'], to: 'number' }), onFailure: 'drop' }],
    ],
  ])('are said to be checked later when %s', async (_what, steps) => {
    const { body } = await check({ recipeId: await recipe(steps), ...oneClass });
    expect(body.problems).toEqual([]);
    expect(body.warnings).toEqual([expect.stringMatching(later)]);
  });
});

describe('what is to be removed', () => {
  const removalOf = async (path: string) => (await yard.api.delete(path).set('X-Trainyard', '1')).body;

  test('a dataset that the recipe of an open job looks things up in stays', async () => {
    const other = await yard.api.upload('/datasets', 'plan,price\nbasic,1\npro,2\n', 'prices.csv');
    const look = step('s4', 'join', { dataset: other.body.id, keys: [{ from: 'plan', to: 'plan' }], take: ['price'] });
    const recipeId = await recipe([step('s1', 'trim-text', { columns: ['plan'] }), look], tidy);
    const open = await ask({ recipeId, recipeVersion: 1, name: 'looks it up' });
    expect(open.body.problems).toBeUndefined();
    // The draft and the latest version do without it.
    expect((await removalOf(`/datasets/${other.body.id}`)).detail).toBe(
      'It is in use by the job “looks it up”. Wait for the end, or cancel.',
    );
    await finishJob(yard, open.body.job.id);
    expect((await removalOf(`/datasets/${other.body.id}`)).stays).toEqual([
      '1 job made with it, with its model: “looks it up”',
    ]);
  });

  test('a recipe goes, and it is said which open jobs go on with their version of it', async () => {
    const recipeId = await recipe(tidy);
    const done = await ask({ recipeId, name: 'is done' });
    await finishJob(yard, done.body.job.id);
    await ask({ recipeId, name: 'goes on' });
    const { stays, refusal } = await removalOf(`/recipes/${recipeId}`);
    expect([stays.at(-1), refusal]).toEqual(['1 open job that uses it, and goes on: “goes on”', null]);
  });
});

test('a recipe, or a version of it, that is not there is refused', async () => {
  const recipeId = await recipe(tidy);
  const problemsOf = async (more: object) => (await ask(more)).body.problems;
  expect(await problemsOf({ recipeId, recipeVersion: 7 })).toMatchObject([
    { field: 'recipeVersion', message: 'The recipe “tidy” has no version 7; its latest one is 1.' },
  ]);
  expect(await problemsOf({ recipeId: randomUUID() })).toMatchObject([{ field: 'recipeId' }]);
  expect(await problemsOf({ recipeVersion: 1 })).toMatchObject([{ field: 'recipeVersion' }]);
  expect(await problemsOf({ recipeId: await recipe() })).toMatchObject([
    { field: 'recipeId', message: 'The recipe “tidy” has no version yet. Save one first.' },
  ]);
});

test('a job that goes on takes the same version and the same split', async () => {
  const recipeId = await recipe(tidy, tidy.slice(0, 2));
  const split = { holdoutFraction: 0.3, folds: 3, seed: 7 };
  const { body } = await ask({ recipeId, recipeVersion: 1, split });
  const from = body.job.id as string;
  await finishJob(yard, from);
  const asked = await yard.services.jobs.requestContinuing({ workspaceId: 'default', owner: 'ada' }, from, 60);
  expect(asked).toMatchObject({ recipeId, recipeVersion: 1, split });
  const on = await yard.api.post('/jobs', { ...asked, recipeVersion: null, split: { seed: 1 } });
  expect(on.status).toBe(201);
  expect(yard.work.started.get(`job-${on.body.job.id}`)).toMatchObject({ recipeId, recipeVersion: 1, split });
  expect((await yard.api.post('/jobs', { ...asked, recipeVersion: 2 })).body.problems).toMatchObject([
    { field: 'recipeVersion', message: expect.stringContaining('prepared by version 1 of a recipe') },
  ]);
  expect((await yard.api.post('/jobs', { ...asked, recipeId: null, recipeVersion: null })).body.problems).toMatchObject(
    [{ field: 'recipeId' }],
  );
});

test('a prediction says which columns its model does not look at', async () => {
  const { body } = await ask({ recipeId: await recipe(tidy) });
  await finishJob(yard, body.job.id);
  const extra = await yard.api.upload('/datasets', 'age,plan,spend,shoe,churned\n30,basic,4.5,41,yes\n', 'more.csv');
  const answer = await yard.api.post('/predictions', { modelId: body.job.id, datasetId: extra.body.id });
  expect([answer.status, answer.body.sentence]).toEqual([202, 'Accepted. The model does not look at “shoe”.']);
});
