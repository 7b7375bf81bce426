import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { id: 'BIGINT', a: 'VARCHAR', b: 'DOUBLE' },
  rows: [
    [0, 'x', 1],
    [1, null, 1],
    [2, 'x', null],
    [3, null, null],
  ],
} as const;

const drop = (settings: Record<string, unknown>) => runRecipe(table, [{ kind: 'drop-missing', settings }]);

it.each([
  [{}, [0]],
  [{ columns: ['a'] }, [0, 2]],
  [{ columns: ['A', 'b'] }, [0]],
  [{ columns: ['a', 'b'], when: 'all' }, [0, 1, 2]],
  [{ when: 'all' }, [0, 1, 2, 3]],
])('%j keeps rows %j', async (settings, kept) => {
  const run = await drop(settings);
  expect(valuesOf(run, 'id')).toEqual(kept);
  expect(run.leftOut).toHaveLength(4 - kept.length);
});

it('says what it does', async () => {
  expect((await drop({ columns: ['a', 'b'], when: 'all' })).sentences).toEqual([
    'Drop rows where all of “a” and “b” are missing',
  ]);
  expect((await drop({})).sentences).toEqual(['Drop rows where anything is missing']);
  expect((await drop({ columns: ['nobody'] })).problems).toHaveLength(1);
});
