import type { SqlType } from '../../../../domain/recipe/table-schema.ts';
import { type Cell, runRecipe, valuesOf } from '../run-recipe.ts';

async function round(type: SqlType, values: Cell[], settings: Record<string, unknown>) {
  const run = await runRecipe({ columns: { x: type }, rows: values.map((value) => [value]) }, [
    { kind: 'round', settings: { columns: ['x'], ...settings } },
  ]);
  return { ...run, values: valuesOf(run, 'x'), type: run.columns.x };
}

it.each([
  [{}, [2.5, -2.5, 2.4, null], [3, -3, 2, null]],
  [{ digits: 1 }, [2.34, 1e308], [2.3, 1e308]],
  [{ digits: -2 }, [1250, 1249], [1300, 1200]],
  [{ digits: -1 }, ['inf', '-inf', 'nan'], ['Infinity', '-Infinity', 'NaN']],
  [{ how: 'down' }, [2.9, -2.1], [2, -3]],
  [{ how: 'up', digits: 1 }, [2.31, -2.39], [2.4, -2.3]],
  [{ how: 'down', digits: 9 }, [1e308], [1e308]],
])('rounds numbers %j', async (settings, values, expected) => {
  expect((await round('DOUBLE', values, settings)).values).toEqual(expected);
});

it.each([{}, { how: 'up' }, { digits: -1 }])('makes no zero of another sign: %j', async (settings) => {
  const asText = { kind: 'change-type', settings: { columns: ['x'], to: 'text' } };
  const run = await runRecipe({ columns: { x: 'DOUBLE' }, rows: [[-0.3], [0]] }, [
    { kind: 'round', settings: { columns: ['x'], ...settings } },
    asText,
  ]);
  expect(valuesOf(run, 'x')[0]).toBe(valuesOf(run, 'x')[1]);
});

it.each([
  [{}, [7], [7]],
  [{ digits: -1 }, [15, 14, -15, -14], [20, 10, -20, -10]],
  [{ digits: -1, how: 'down' }, [19, -11, 20], [10, -20, 20]],
  [{ digits: -1, how: 'up' }, [11, -19, 20], [20, -10, 20]],
  [{ digits: -2 }, ['9223372036854775807', '9007199254740993'], ['9223372036854775800', '9007199254741000']],
  [{ digits: -9, how: 'up' }, ['9223372036854775807'], ['9223372036854775807']],
])('keeps whole numbers whole %j', async (settings, values, expected) => {
  const run = await round('BIGINT', values, settings);
  expect([run.type, run.values]).toEqual(['BIGINT', expected]);
});

it('says what it does, and is refused for text', async () => {
  expect((await round('DOUBLE', [], { digits: 1, how: 'up' })).sentences).toEqual(['Round “x” up to 1 digit']);
  expect((await round('VARCHAR', [], {})).problems[0]?.message).toContain('it is text, not a number');
  expect((await round('DOUBLE', [], { digits: 0.5 })).problems[0]?.message).toBe('Write a whole number of digits.');
});
