import { filterRows } from '../../../../domain/recipe/kinds/filter-rows.ts';
import { withoutColumns } from '../../../../domain/recipe/without-columns.ts';
import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { id: 'BIGINT', age: 'BIGINT', city: 'VARCHAR', day: 'DATE', left: 'BOOLEAN' },
  rows: [
    [0, 17, 'Berlin', '2024-01-01', true],
    [1, 30, "O'Fallon", '2024-03-31', false],
    [2, null, null, null, null],
    [3, 65, 'Bonn', '2025-01-01', true],
  ],
} as const;

const filter = (settings: Record<string, unknown>) => runRecipe(table, [{ kind: 'filter-rows', settings }]);

it.each([
  [{ column: 'age', is: '>=', value: '30' }, [1, 3]],
  [{ column: 'age', is: '<', value: '30' }, [0]],
  [{ column: 'AGE', is: '=', value: '30' }, [1]],
  [{ column: 'age', is: '≠', value: '30' }, [0, 2, 3]],
  [{ column: 'city', is: '=', value: "O'Fallon" }, [1]],
  [{ column: 'city', is: 'contains', value: 'n' }, [0, 1, 3]],
  [{ column: 'city', is: 'does not contain', value: 'B' }, [1, 2]],
  [{ column: 'city', is: 'starts with', value: 'B' }, [0, 3]],
  [{ column: 'city', is: 'ends with', value: 'lin' }, [0]],
  [{ column: 'city', is: 'is one of', values: ['Bonn', 'Berlin'] }, [0, 3]],
  [{ column: 'city', is: 'is not one of', values: ['Bonn', 'Berlin'] }, [1, 2]],
  [{ column: 'city', is: 'is missing' }, [2]],
  [{ column: 'city', is: 'is not missing' }, [0, 1, 3]],
  [{ column: 'day', is: '<=', value: '2024-03-31' }, [0, 1]],
  [{ column: 'left', is: '=', value: 'yes' }, [0, 3]],
])('keeps and drops by %j', async (condition, met) => {
  expect(valuesOf(await filter({ conditions: [condition] }), 'id')).toEqual(met);
  const others = [0, 1, 2, 3].filter((id) => !met.includes(id));
  expect(valuesOf(await filter({ conditions: [condition], do: 'drop' }), 'id')).toEqual(others);
});

const two = [
  { column: 'age', is: '>', value: '20' },
  { column: 'left', is: '=', value: 'yes' },
];

it('joins conditions by and, or by or', async () => {
  expect(valuesOf(await filter({ conditions: two }), 'id')).toEqual([3]);
  expect(valuesOf(await filter({ conditions: two, match: 'any' }), 'id')).toEqual([0, 1, 3]);
});

it('asks a formula, of which a row that cannot be decided is not one', async () => {
  const formula = "[age] > 20 or contains([city], 'Ber')";
  const run = await filter({ by: 'formula', formula });
  expect([valuesOf(run, 'id'), run.leftOut]).toEqual([[0, 1, 3], [{ row: 2, step: 's1' }]]);
  expect(valuesOf(await filter({ by: 'formula', formula, do: 'drop' }), 'id')).toEqual([2]);
  expect((await filter({ by: 'formula', formula: '[age] + 1' })).problems[0]?.message).toContain('yes or no is needed');
  expect((await filter({ by: 'formula' })).problems[0]?.message).toContain('empty');
});

it('is refused with a value that the column cannot have', async () => {
  const problem = async (condition: unknown) => (await filter({ conditions: [condition] })).problems[0]?.message;
  expect(await problem({ column: 'age', is: '>', value: 'old' })).toBe(
    '“old” is no value for “age”, which is a whole number.',
  );
  expect(await problem({ column: 'day', is: '>', value: '2024-02-31' })).toContain('is no value for “day”');
  expect(await problem({ column: 'age', is: 'contains', value: '1' })).toBe(
    '“contains” needs text, but “age” is a whole number.',
  );
  expect(await problem({ column: 'left', is: '>', value: 'yes' })).toContain('something with an order');
  expect(await problem({ column: 'nobody', is: 'is missing' })).toContain('There is no column “nobody”');
  expect(await problem({ column: 'age', is: '=' })).toBe('Write a value to compare with.');
  expect(await problem({ column: 'age', is: 'is one of' })).toBe('Write at least one value.');
  expect((await filter({})).problems[0]?.message).toBe('Write at least one condition.');
});

it('says what it does', async () => {
  expect((await filter({ conditions: two, match: 'any' })).sentences).toEqual([
    'Keep rows where “age” > 20 or “left” = yes',
  ]);
});

describe('without the column to predict', () => {
  const settings = { do: 'keep', by: 'conditions', match: 'all', conditions: two, formula: '' };
  const without = (more: object, ...gone: string[]) => withoutColumns(filterRows, { ...settings, ...more }, gone);

  it('goes by the other conditions where they decide by themselves', () => {
    expect(without({}, 'LEFT')).toEqual({ ...settings, conditions: [two[0]] });
    expect(without({ do: 'drop', match: 'any' }, 'left')).toMatchObject({ conditions: [two[0]] });
    expect(without({}, 'city')).toEqual(settings);
  });

  it('is passed over where they do not', () => {
    expect(without({ match: 'any' }, 'left')).toBeNull();
    expect(without({ do: 'drop' }, 'left')).toBeNull();
    expect(without({}, 'left', 'age')).toBeNull();
    expect(without({ by: 'formula', formula: '[age] > 1 and [left]' }, 'left')).toBeNull();
    expect(without({ by: 'formula', formula: '[age] > 1' }, 'left')).toMatchObject({ by: 'formula' });
  });
});
