import { runRecipe } from '../run-recipe.ts';

const table = {
  columns: { id: 'BIGINT', age: 'BIGINT', 'x"; DROP TABLE t; --': 'VARCHAR' },
  rows: [[1, 30, 'a']],
} as const;

it('drops columns, whatever the case of their names', async () => {
  const run = await runRecipe(table, [{ kind: 'select-columns', settings: { columns: ['ID'] } }]);
  expect(run.rows).toEqual([{ age: 30, 'x"; DROP TABLE t; --': 'a' }]);
});

it('keeps columns in their order', async () => {
  const settings = { columns: ['x"; DROP TABLE t; --', 'id'], do: 'keep' };
  const run = await runRecipe(table, [{ kind: 'select-columns', settings }]);
  expect(Object.keys(run.columns)).toEqual(['id', 'x"; DROP TABLE t; --']);
  expect(run.sentences).toEqual(['Keep only “x"; DROP TABLE t; --” and “id”']);
});

it('is refused when a column is not there, or none is left', async () => {
  const drop = (...columns: string[]) => runRecipe(table, [{ kind: 'select-columns', settings: { columns } }]);
  expect((await drop('nobody')).problems[0]?.message).toBe('There is no column “nobody” at this point.');
  expect((await drop(...Object.keys(table.columns))).problems[0]?.message).toBe('No column would be left.');
  expect((await drop()).problems[0]?.message).toBe('Choose at least one column.');
});
