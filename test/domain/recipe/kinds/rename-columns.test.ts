import { renameColumns } from '../../../../domain/recipe/kinds/rename-columns.ts';
import { withoutColumns } from '../../../../domain/recipe/without-columns.ts';
import { runRecipe } from '../run-recipe.ts';

const table = { columns: { a: 'BIGINT', b: 'VARCHAR', c: 'BOOLEAN' }, rows: [[1, 'x', true]] } as const;
const rename = (...pairs: [string, string][]) =>
  runRecipe(table, [{ kind: 'rename-columns', settings: { pairs: pairs.map(([from, to]) => ({ from, to })) } }]);

it('gives columns other names, and lets two change theirs', async () => {
  expect((await rename(['A', 'b'], ['b', 'a'], ['c', 'C "; --'])).rows).toEqual([{ b: 1, a: 'x', 'C "; --': true }]);
});

it('changes the case of a name', async () => {
  expect((await rename(['a', 'A'])).rows).toEqual([{ A: 1, b: 'x', c: true }]);
});

it('is refused when two columns would have one name', async () => {
  expect((await rename(['a', 'B'])).problems[0]?.message).toBe('There would be two columns “b”.');
  expect((await rename(['a', 'x'], ['c', 'X'])).problems[0]?.message).toBe('There would be two columns “X”.');
  expect((await rename(['a', 'x'], ['A', 'y'])).problems[0]?.message).toBe('“A” is renamed twice.');
});

it('is refused with a name that cannot be one', async () => {
  expect((await rename(['a', '  '])).problems[0]?.message).toBe('Give the column a name.');
  expect((await rename(['a', '__TY_row'])).problems[0]?.message).toBe('A name cannot begin with __ty_.');
  expect((await rename(['a', 'x\0y'])).problems).toHaveLength(1);
  expect((await rename(['nobody', 'x'])).problems[0]?.column).toBe('nobody');
});

it('does without the column to predict', () => {
  const pairs = [
    { from: 'c', to: 'label' },
    { from: 'a', to: 'x' },
  ];
  expect(withoutColumns(renameColumns, { pairs }, ['C'])).toEqual({ pairs: [pairs[1]] });
});
