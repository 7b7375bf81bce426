import { fitForPredicting } from '../../../domain/recipe/predicting.ts';
import { applyFitted, fittedFrom } from './apply-fitted.ts';
import { runRecipe, schemaOf, type StepDraft, type Table } from './run-recipe.ts';

const customers = {
  columns: { age: 'BIGINT', plan: 'VARCHAR', note: 'VARCHAR', churned: 'VARCHAR' },
  rows: [
    [20, 'a', 'x', 'yes'],
    [null, 'b', 'y', 'no'],
    [40, 'a', null, 'no'],
    [60, 'c', 'z', null],
  ],
} as const;
/** Rows to predict have no label. */
const asked = {
  columns: { plan: 'VARCHAR', age: 'BIGINT' },
  rows: [
    ['a', null],
    ['new', 30],
    [null, 61],
  ],
} as const;

const step = (kind: string, settings: object, more: Partial<StepDraft> = {}): StepDraft => ({
  kind,
  settings: { ...settings },
  ...more,
});
const labels = ['churned'];

async function problemsOf(
  steps: StepDraft[],
  more: { labels?: string[]; features?: string[]; others?: Record<string, Table & { name: string }> } = {},
) {
  const { others = {} } = more;
  const run = await runRecipe(customers, steps, { others });
  expect(run.problems).toEqual([]);
  const made = fitForPredicting({
    walked: run.walked,
    schema: schemaOf(customers),
    others: new Map(Object.entries(others).map(([id, each]) => [id, { name: each.name, schema: schemaOf(each) }])),
    labels: more.labels ?? labels,
    ...(more.features ? { features: more.features } : {}),
    duckdb: '1.5.6',
  });
  return 'problems' in made ? made.problems : [];
}

describe('what a model keeps of a recipe', () => {
  it('replays what was learned, asks only for columns that matter, and never for the label', async () => {
    const steps = [
      step('fill-missing', { columns: ['age', 'churned', 'note'], with: 'most frequent' }),
      step('select-columns', { columns: ['note'], do: 'drop' }),
      step('fill-missing', { columns: ['churned'] }),
      step('one-hot', { columns: ['plan'], most: 2 }),
      step('scale', { columns: ['age'], by: 'range' }),
    ];
    const run = await runRecipe(customers, steps);
    expect(run.problems).toEqual([]);
    const fitted = fittedFrom(run, customers, { labels });
    expect(fitted.inputColumns).toEqual([
      { name: 'age', type: 'BIGINT' },
      { name: 'plan', type: 'VARCHAR' },
    ]);
    const { columns, rows } = await applyFitted(fitted, asked);
    expect(columns).toEqual(['age', 'plan_a', 'plan_b', 'plan_other']);
    expect(rows).toEqual([
      [null, 0, 1, 0, 0],
      [null, 0.25, 0, 0, 1],
      [null, 41 / 40, 0, 0, 0],
    ]);
    expect(fitted.steps.map(({ applied }) => applied)).toEqual([true, false, false, true, true]);
  });

  it('says of a row that a filter leaves out which step did it, and passes over what is about the label', async () => {
    const run = await runRecipe(customers, [
      step('drop-missing', { columns: ['churned'] }),
      step('drop-missing', { columns: ['age', 'churned'] }),
      step('ordinal-encode', { columns: ['plan'] }, { onFailure: 'stop' }),
    ]);
    expect(run.rows).toHaveLength(2);
    const fitted = fittedFrom(run, customers, { labels, features: ['age', 'plan'] });
    const { rows } = await applyFitted(fitted, asked);
    expect(rows.map(([out]) => out)).toEqual(['s2', 's3', null]);
    expect(fitted.steps[0]).toMatchObject({ applied: false });
    expect(fitted.steps[2]?.leavesOut).toMatch(/^step 3 .*Number the values of “plan”/);
  });

  it('passes over table steps, and learns from the label without asking for it', async () => {
    const run = await runRecipe(customers, [
      step('sort-rows', { columns: ['churned'] }),
      step('sample-rows', { rows: 4 }),
      step('drop-duplicates', {}),
      step('target-encode', { columns: ['plan'], label: 'churned', chosen: 'yes', smoothing: 0 }),
    ]);
    const fitted = fittedFrom(run, customers, { labels, features: ['plan'] });
    expect(fitted.inputColumns.map(({ name }) => name)).toEqual(['plan']);
    expect((await applyFitted(fitted, asked)).rows).toEqual([
      [null, 0.5],
      [null, 1 / 3],
      [null, 1 / 3],
    ]);
    expect(fitted.steps.map(({ applied, why }) => applied || why)).toEqual([
      expect.stringContaining('training data only'),
      expect.stringContaining('training data only'),
      expect.stringContaining('training data only'),
      true,
    ]);
  });

  it('begins after the last step that groups rows, and says that what came before learned from all rows', async () => {
    const run = await runRecipe(customers, [
      step('fill-missing', { columns: ['age'], with: 'median' }),
      step('aggregate-by-group', {
        groups: ['plan'],
        measures: [
          { from: 'age', to: 'mean' },
          { from: 'churned', to: 'first' },
        ],
      }),
      step('scale', { columns: ['age_mean'], by: 'range' }),
    ]);
    const fitted = fittedFrom(run, customers, { labels: ['churned_first'], features: ['age_mean', 'plan'] });
    expect(fitted.inputColumns).toEqual([
      { name: 'plan', type: 'VARCHAR' },
      { name: 'age_mean', type: 'DOUBLE' },
    ]);
    expect(fitted.steps.map(({ learnedFromAllRows }) => learnedFromAllRows)).toEqual([true, false, false]);
    expect(fitted.steps[0]?.why).toContain('groups them');
  });

  it('follows the label through a new name', async () => {
    const steps = [
      step('drop-missing', { columns: ['churned'] }),
      step('rename-columns', { pairs: [{ from: 'churned', to: 'left' }] }),
      step('drop-missing', { columns: ['left'] }),
    ];
    const run = await runRecipe(customers, steps);
    expect(run.problems).toEqual([]);
    const fitted = fittedFrom(run, customers, { labels: ['left'], features: ['age'] });
    expect(fitted.inputColumns.map(({ name }) => name)).toEqual(['age']);
    expect(fitted.steps.every(({ applied }) => !applied)).toBe(true);
  });

  it('keeps a lookup, and only where something of it is needed', async () => {
    const others = {
      d1: {
        name: 'plans',
        columns: { plan: 'VARCHAR', fee: 'DOUBLE' },
        rows: [
          ['a', 1.5],
          ['b', 2],
        ],
      },
    } as const;
    const look = (more = {}) =>
      step('join', { dataset: 'd1', keys: [{ from: 'plan', to: 'plan' }], take: ['fee'] }, more);
    const run = await runRecipe(customers, [look({ onFailure: 'drop' })], { others });
    const fitted = fittedFrom(run, customers, { labels, features: ['fee', 'age'] }, others);
    expect(fitted.lookups).toMatchObject([{ name: 'lookup_s1', file: 'lookup_s1.parquet', datasetId: 'd1' }]);
    expect((await applyFitted(fitted, asked, { run, others })).rows).toEqual([
      [null, 1.5, null],
      ['s1', null, 30],
      ['s1', null, 61],
    ]);
    const idle = await runRecipe(customers, [look()], { others });
    const without = fittedFrom(idle, customers, { labels, features: ['age'] }, others);
    expect(without).toMatchObject({ lookups: [], inputColumns: [{ name: 'age' }] });
  });

  it('names step and column when it cannot do without the label', async () => {
    const formula = step('make-column', { name: 'twice', formula: 'if([churned] = "yes", 2, 1) * [age]' });
    expect(await problemsOf([formula], { features: ['age'] })).toEqual([]);
    expect(await problemsOf([formula])).toMatchObject([
      { stepId: 's1', column: 'churned', message: expect.stringMatching(/^Step 1 .* makes “twice” of “churned”/) },
    ]);
    const filter = step('filter-rows', { by: 'formula', formula: '[age] > 30 or [churned] = "yes"' });
    expect(await problemsOf([filter], { features: ['plan'] })).toEqual([]);
    const others = { d1: { name: 'words', columns: { word: 'VARCHAR', n: 'BIGINT' }, rows: [['yes', 1]] } } as const;
    const by = ['churned', 'plan'].map((from) => ({ from, to: 'word' }));
    const look = step('join', { dataset: 'd1', keys: by, take: ['n'] }, { onFailure: 'drop' });
    expect(await problemsOf([look], { features: ['age'], others })).toMatchObject([
      { stepId: 's1', column: 'churned', message: expect.stringContaining('together with other columns') },
    ]);
  });

  it('refuses a recipe that does not fit, and features that are not there', async () => {
    expect(await problemsOf([], { features: ['age', 'height'] })).toMatchObject([
      { message: 'There is no column “height” after the last step.' },
    ]);
    expect(await problemsOf([], { labels: ['age', 'plan', 'note', 'churned'] })).toMatchObject([
      { message: 'Besides the label, no column is left to learn from.' },
    ]);
    const run = await runRecipe(customers, [step('scale', { columns: ['plan'] })]);
    const made = fitForPredicting({ walked: run.walked, schema: schemaOf(customers), labels, duckdb: '1.5.6' });
    expect(made).toMatchObject({ problems: [{ stepId: 's1', column: 'plan' }] });
  });
});
