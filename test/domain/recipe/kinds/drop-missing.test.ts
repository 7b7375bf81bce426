import { applyFitted, fittedFrom } from '../apply-fitted.ts';
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

const labelled = {
  columns: { id: 'BIGINT', a: 'VARCHAR', b: 'DOUBLE', y: 'VARCHAR' },
  rows: table.rows.map((row) => [...row, 'yes']),
} as const;

it.each([
  [{}, ['s1', null, 's1']],
  [{ columns: ['a', 'y'] }, ['s1', null, 's1']],
  [{ columns: ['y'] }, [null, null, null]],
  // With a label, none of these rows was left out of the training.
  [{ columns: ['a', 'b', 'y'], when: 'all' }, [null, null, null]],
  [{ columns: ['a', 'b'], when: 'all' }, [null, null, 's1']],
])('%j leaves rows that lack their label out as those that have it', async (settings, leftOut) => {
  const run = await runRecipe(labelled, [{ kind: 'drop-missing', settings }]);
  const fitted = fittedFrom(run, labelled, { labels: ['y'], features: ['id', 'a', 'b'] });
  const asked = { columns: table.columns, rows: [table.rows[1], [4, 'x', 1], table.rows[3]] } as const;
  expect((await applyFitted(fitted, asked)).rows.map(([out]) => out)).toEqual(leftOut);
});
