import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { start: 'DATE', end: 'TIMESTAMP', n: 'BIGINT' },
  rows: [
    ['2024-01-31', '2024-03-01 12:00:00', 1],
    ['2024-03-01', '2024-02-28 00:00:00', 2],
    [null, '2024-02-28 00:00:00', 3],
    ['5881580-07-10', '-290308-12-22 00:00:00', 4],
  ],
} as const;

const difference = (settings: Record<string, unknown>) =>
  runRecipe(table, [{ kind: 'date-difference', settings: { from: 'start', name: 'd', ...settings } }]);

it.each([
  ['days', [30, -2]],
  ['weeks', [4, 0]],
  ['months', [1, 0]],
  ['years', [0, 0]],
  ['hours', [732, -48]],
  ['minutes', [43920, -2880]],
  ['seconds', [2635200, -172800]],
])('counts whole %s', async (unit, expected) => {
  const run = await difference({ column: 'end', unit });
  expect(run.columns.d).toBe('BIGINT');
  expect(valuesOf(run, 'd').slice(0, 3)).toEqual([...expected, null]);
});

it('counts until a fixed day', async () => {
  const run = await difference({ until: 'day', day: '2024-02-01' });
  expect(valuesOf(run, 'd')).toEqual([1, -29, null, null]);
  expect(run.sentences).toEqual(['“d”: days from “start” until 2024-02-01']);
});

it('is refused where there are no dates', async () => {
  const message = async (settings: Record<string, unknown>) => (await difference(settings)).problems[0]?.message;
  expect(await message({ column: 'n' })).toBe('From or until “n” no time can be counted: it is a whole number.');
  expect(await message({ column: '' })).toContain('There is no column');
  expect(await message({ until: 'day', day: '2023-02-29' })).toBe('“2023-02-29” is no day.');
  expect(await message({ column: 'end', name: 'N' })).toBe('There is already a column “N”.');
});
