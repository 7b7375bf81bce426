import { type Cell, runRecipe, valuesOf } from '../run-recipe.ts';

async function take(values: Cell[], settings: Record<string, unknown>, onFailure: 'empty' | 'drop' = 'empty') {
  const run = await runRecipe({ columns: { x: 'DOUBLE' }, rows: values.map((value) => [value]) }, [
    { kind: 'log-power', settings: { columns: ['x'], ...settings }, onFailure },
  ]);
  return { ...run, values: valuesOf(run, 'x'), failing: run.failing.s1 };
}

it.each([
  [{ how: 'ln' }, [Math.E ** 2, 0, -1, null], [2, null, null, null], 2],
  [{ how: 'log10' }, [1000, 0], [3, null], 1],
  [{ how: 'log1p' }, [Math.E - 1, 0, -1], [1, 0, null], 1],
  [{ how: 'sqrt' }, [16, 0, -1], [4, 0, null], 1],
  [{ how: 'square' }, [-3, 1e200], [9, null], 1],
  [{ how: 'power', power: 0.5 }, [16, -1], [4, null], 1],
  [{ how: 'power', power: -1 }, [4, 0], [0.25, null], 1],
  [{ how: 'power', power: 3 }, [2, 1e200], [8, null], 1],
])('%j of %j', async (settings, values, expected, failing) => {
  const run = await take(values, settings);
  for (const [n, value] of expected.entries())
    if (value === null) expect(run.values[n]).toBeNull();
    else expect(run.values[n]).toBeCloseTo(value, 12);
  expect(run.failing).toBe(failing);
});

it('makes numbers of whole ones, and drops what is not defined when told to', async () => {
  const run = await runRecipe(
    {
      columns: { x: 'BIGINT', y: 'VARCHAR' },
      rows: [
        [100, 'a'],
        [0, 'b'],
      ],
    },
    [{ kind: 'log-power', settings: { columns: ['x'], how: 'log10' }, onFailure: 'drop' }],
  );
  expect([run.columns.x, run.rows, run.leftOut]).toEqual(['DOUBLE', [{ x: 2, y: 'a' }], [{ row: 1, step: 's1' }]]);
});

it('is refused for text, and with a power that no table can hold', async () => {
  expect((await take([], { how: 'power', power: 1000 })).problems[0]?.message).toBe('A power is at most 10.');
  const run = await runRecipe({ columns: { x: 'VARCHAR' }, rows: [] }, [
    { kind: 'log-power', settings: { columns: ['x'] } },
  ]);
  expect(run.problems[0]?.message).toBe('“x” cannot be reckoned with: it is text, not a number.');
});
