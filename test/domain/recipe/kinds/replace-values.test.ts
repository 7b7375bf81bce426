import type { SqlType } from '../../../../domain/recipe/table-schema.ts';
import { type Cell, runRecipe, valuesOf } from '../run-recipe.ts';

async function replace(type: SqlType, values: Cell[], pairs: [string, string][], more: Record<string, unknown> = {}) {
  const settings = { columns: ['x'], pairs: pairs.map(([from, to]) => ({ from, to })), ...more };
  const run = await runRecipe({ columns: { x: type }, rows: values.map((value) => [value]) }, [
    { kind: 'replace-values', settings },
  ]);
  return { ...run, values: valuesOf(run, 'x') };
}

it('replaces whole values, each by its own', async () => {
  const texts = ['m', 'f', "it's", 'mf', null];
  const pairs: [string, string][] = [
    ['m', 'f'],
    ['f', 'female'],
    ["it's", "<b>'; DROP"],
  ];
  expect((await replace('VARCHAR', texts, pairs)).values).toEqual(['f', 'female', "<b>'; DROP", 'mf', null]);
});

it('keeps the type', async () => {
  const numbers = await replace(
    'BIGINT',
    [1, 2, '9007199254740993'],
    [
      ['1', '10'],
      ['9007199254740993', '3'],
    ],
  );
  expect([numbers.columns.x, numbers.values]).toEqual(['BIGINT', [10, 2, 3]]);
  expect((await replace('DOUBLE', [-999, 0.5], [['-999', '']])).values).toEqual([null, 0.5]);
  expect((await replace('BOOLEAN', [true, false], [['yes', 'no']])).values).toEqual([false, false]);
  expect((await replace('DATE', ['1900-01-01'], [['1900-01-01', '']])).values).toEqual([null]);
});

it('replaces parts of texts, one after the other', async () => {
  const pairs: [string, string][] = [
    ['St.', 'Street'],
    ['%', ''],
  ];
  const run = await replace('VARCHAR', ['Main St.', '5%', '%', null], pairs, { what: 'part of a text' });
  expect(run.values).toEqual(['Main Street', '5', null, null]);
});

it('is refused with values that the column cannot have', async () => {
  expect((await replace('BIGINT', [], [['one', '1']])).problems[0]?.message).toContain('“one” is no value for “x”');
  expect((await replace('BIGINT', [], [['1', 'one']])).problems[0]?.field).toBe('pairs');
  expect((await replace('BIGINT', [], [['1', '2']], { what: 'part of a text' })).problems[0]?.message).toContain(
    'not text',
  );
  expect((await replace('VARCHAR', [], [['', '2']])).problems[0]?.message).toBe('Write what is to be replaced.');
  expect((await replace('VARCHAR', [], [['a\0', 'b']])).problems).toHaveLength(1);
});

it('never lets a text grow without end', async () => {
  const pairs = Array.from({ length: 40 }, (): [string, string] => ['a', 'aa']);
  expect((await replace('VARCHAR', [], pairs, { what: 'part of a text' })).problems[0]?.message).toContain(
    '1000 times',
  );
  const many = Array.from({ length: 200 }, (_, n): [string, string] => [`a${n}`, 'b']);
  expect((await replace('VARCHAR', ['a7'], many, { what: 'part of a text' })).values).toEqual(['b']);
});
