import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { x: 'DOUBLE', t: 'VARCHAR' },
  rows: [
    [-1, 'a'],
    [18, 'a'],
    [64.9, 'a'],
    [65, 'a'],
    [null, 'a'],
  ],
} as const;
const bin = (settings: Record<string, unknown>) =>
  runRecipe(table, [{ kind: 'bin-values', settings: { columns: ['x'], ...settings } }]);

it('writes ranges, of which each has its lower edge', async () => {
  const run = await bin({ edges: [18, 65] });
  expect([run.columns.x, valuesOf(run, 'x')]).toEqual([
    'VARCHAR',
    ['below 18', '18 to below 65', '18 to below 65', '65 or more', null],
  ]);
});

it('numbers ranges', async () => {
  const run = await bin({ edges: [18, 65], as: 'number' });
  expect([run.columns.x, valuesOf(run, 'x')]).toEqual(['BIGINT', [0, 1, 1, 2, null]]);
});

it('is refused with edges out of order, and for text', async () => {
  expect((await bin({ edges: [18, 18] })).problems[0]?.message).toBe('The edge 18 is not above 18, the one before.');
  expect((await bin({ edges: [] })).problems[0]?.message).toBe('Write at least one edge.');
  expect((await bin({ edges: [1], columns: ['t'] })).problems[0]?.message).toContain('it is text, not a number');
});
