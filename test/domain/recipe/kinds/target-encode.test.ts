import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { city: 'VARCHAR', churned: 'VARCHAR', spent: 'DOUBLE' },
  rows: [
    ['Rome', 'yes', 1],
    ['Rome', 'no', 2],
    ['Oslo', 'yes', 4],
    ['Oslo', 'yes', null],
    [null, 'no', 8],
    ['Lima', null, 16],
  ],
  folds: [0, 1, 0, 1, 0, 1],
} as const;

const encode = (more = {}) => [{ kind: 'target-encode', settings: { columns: ['city'], label: 'churned', ...more } }];

describe('target-encode', () => {
  it('replaces a value by its smoothed share of a class', async () => {
    const run = await runRecipe(table, encode({ chosen: 'yes', smoothing: 1 }));
    const mean = 3 / 5;
    const [rome, oslo] = [(1 + mean) / 3, (2 + mean) / 3];
    expect(valuesOf(run, 'city')).toEqual([rome, rome, oslo, oslo, mean, mean]);
  });

  it('replaces a value by the mean of a number, without smoothing', async () => {
    const run = await runRecipe(table, encode({ label: 'spent', smoothing: 0 }));
    expect(valuesOf(run, 'city')).toEqual([1.5, 1.5, 4, 4, 6.2, 16]);
  });

  it('never lets a training row see its own fold', async () => {
    const run = await runRecipe(table, encode({ chosen: 'yes', smoothing: 0 }), { folds: 2 });
    // Fold 0 (rows 0, 2, 4) is encoded from fold 1: Rome no, Oslo yes; and the other way round.
    expect(valuesOf(run, 'city')).toEqual([0, 1, 1, 1, 0.5, 2 / 3]);
    expect(run.walked.steps[0]?.learned?.folds).toHaveLength(2);
  });

  it('refuses text without a class, the label itself, and a class that is no value of it', async () => {
    expect((await runRecipe(table, encode())).problems).toMatchObject([{ field: 'chosen' }]);
    expect((await runRecipe(table, encode({ label: 'city', chosen: 'x' }))).problems).toMatchObject([
      { field: 'columns', message: '“city” is the label, and cannot be replaced by its own mean.' },
    ]);
    expect((await runRecipe(table, encode({ label: 'spent', chosen: 'x' }))).problems).toMatchObject([
      { field: 'chosen' },
    ]);
  });
});
