import { makeColumn } from '../../../../domain/recipe/kinds/make-column.ts';
import { withoutColumns } from '../../../../domain/recipe/without-columns.ts';
import { runRecipe } from '../run-recipe.ts';

const table = {
  columns: { price: 'DOUBLE', n: 'BIGINT' },
  rows: [
    [10, 2],
    [5, 0],
    [null, 1],
  ],
} as const;
const make = (name: string, formula: string) =>
  runRecipe(table, [{ kind: 'make-column', settings: { name, formula } }]);

it('adds a column, of the type that the formula gives', async () => {
  const run = await make('each "; --', '[price] / [n]');
  expect(run.columns).toEqual({ price: 'DOUBLE', n: 'BIGINT', 'each "; --': 'DOUBLE' });
  expect(run.rows.map((row) => row['each "; --'])).toEqual([5, null, null]);
  expect(run.sentences).toEqual(['“each "; --” = [price] / [n]']);
});

it('puts it in the place of one of that name', async () => {
  const run = await make('PRICE', "concat('$', [price])");
  expect(run.columns).toEqual({ price: 'VARCHAR', n: 'BIGINT' });
  expect(run.rows.map(({ price }) => price)).toEqual(['$10', '$5', '$']);
});

it('is refused with a formula that cannot be read', async () => {
  const [problem] = (await make('x', '[prise] * 2')).problems;
  expect(problem).toMatchObject({
    field: 'formula',
    message: 'At letter 1: There is no column “prise” at this point.',
  });
  expect((await make('x', '')).problems[0]?.message).toBe('Write a formula.');
});

it('cannot do without the column to predict, and says so', async () => {
  const settings = withoutColumns(makeColumn, { name: 'x', formula: '[left] + 1' }, ['left']) as Record<
    string,
    unknown
  >;
  const run = await runRecipe(table, [{ kind: 'make-column', settings }]);
  expect(run.problems[0]?.message).toContain('There is no column “left”');
});
