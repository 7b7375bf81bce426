import type { SqlType } from '../../../../domain/recipe/table-schema.ts';
import { type Cell, runRecipe, valuesOf } from '../run-recipe.ts';

async function clip(type: SqlType, values: Cell[], settings: Record<string, unknown>) {
  const run = await runRecipe({ columns: { x: type }, rows: values.map((value) => [value]) }, [
    { kind: 'clip-values', settings: { columns: ['x'], ...settings } },
  ]);
  return { ...run, values: valuesOf(run, 'x') };
}

it('brings values to the bounds', async () => {
  const bounds = { least: 0, greatest: 10.5 };
  expect((await clip('DOUBLE', [-1, 0, 5, 11, null, 'inf'], bounds)).values).toEqual([0, 0, 5, 10.5, null, 10.5]);
  expect((await clip('DOUBLE', [-1, 11], { least: 0 })).values).toEqual([0, 11]);
});

it('keeps whole numbers whole, and inside', async () => {
  const run = await clip('BIGINT', [0, 5, 20], { least: 2.5, greatest: 10.5 });
  expect([run.columns.x, run.values]).toEqual(['BIGINT', [3, 5, 10]]);
});

it('makes what lies outside missing, or leaves its row out', async () => {
  expect((await clip('BIGINT', [-1, 5, null], { least: 0, outside: 'missing' })).values).toEqual([null, 5, null]);
  const run = await clip('BIGINT', [-1, 5, null], { least: 0, outside: 'leave out' });
  expect([run.values, run.leftOut]).toEqual([[5, null], [{ row: 0, step: 's1' }]]);
});

it('says what it does', async () => {
  expect((await clip('BIGINT', [], { least: 0, greatest: 9 })).sentences).toEqual([
    'Make “x” the bound where below 0 or above 9',
  ]);
});

it('is refused without bounds, with bounds the wrong way round, and for text', async () => {
  expect((await clip('BIGINT', [], {})).problems[0]?.message).toBe('There is no bound.');
  expect((await clip('BIGINT', [], { least: 2, greatest: 1 })).problems[0]?.message).toContain(
    'more than the greatest',
  );
  expect((await clip('BIGINT', [], { least: -1e300 })).problems[0]?.message).toContain('beyond');
  expect((await clip('VARCHAR', [], { least: 1 })).problems[0]?.message).toContain('it is text, not a number');
});
