import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = (values: (string | null)[]) => ({ columns: { city: 'VARCHAR' as const }, rows: values.map((v) => [v]) });
const cities = table(['Rome', 'Oslo', 'Rome', 'Lima', null, 'Oslo', "L'Aquila"]);

describe('ordinal-encode', () => {
  it('numbers by frequency, equally frequent ones by name', async () => {
    const run = await runRecipe(cities, [{ kind: 'ordinal-encode', settings: { columns: ['city'] } }]);
    expect(run.columns).toEqual({ city: 'BIGINT' });
    expect(valuesOf(run, 'city')).toEqual([1, 0, 1, 3, null, 0, 2]);
    expect(run.failing).toEqual({ s1: 0 });
  });

  it('numbers in a given order, and cannot treat a value that has no place', async () => {
    const settings = { columns: ['city'], order: 'given', levels: ["L'Aquila", 'Oslo'] };
    const empty = await runRecipe(cities, [{ kind: 'ordinal-encode', settings }]);
    expect(valuesOf(empty, 'city')).toEqual([null, 1, null, null, null, 1, 0]);
    expect(empty.failing).toEqual({ s1: 3 });
    const drop = await runRecipe(cities, [{ kind: 'ordinal-encode', settings, onFailure: 'drop' }]);
    expect(drop.leftOut.map(({ row }) => row)).toEqual([0, 2, 3]);
  });

  it('refuses an order without values, or with one twice', async () => {
    for (const levels of [[], ['a', 'a']]) {
      const run = await runRecipe(cities, [
        { kind: 'ordinal-encode', settings: { columns: ['city'], order: 'given', levels } },
      ]);
      expect(run.problems).toMatchObject([{ field: 'levels' }]);
    }
  });
});

describe('group-rare', () => {
  it('puts one word in the place of values under a count or a share', async () => {
    const byCount = [{ kind: 'group-rare', settings: { columns: ['city'], by: 'count', count: 2, word: 'else' } }];
    const run = await runRecipe(cities, byCount);
    expect(valuesOf(run, 'city')).toEqual(['Rome', 'Oslo', 'Rome', 'else', null, 'Oslo', 'else']);
    expect(run.walked.steps[0]?.learnedSentence).toBe('learned from the training rows: “city”: 2 of 4 values stay');
    const byShare = [{ kind: 'group-rare', settings: { columns: ['city'], share: 1 / 3 } }];
    expect(valuesOf(await runRecipe(cities, byShare), 'city')).toEqual(
      valuesOf(
        await runRecipe(cities, [{ kind: 'group-rare', settings: { columns: ['city'], by: 'count', count: 2 } }]),
        'city',
      ),
    );
  });

  it('makes every value rare when none is frequent', async () => {
    const run = await runRecipe(table(['a', null]), [
      { kind: 'group-rare', settings: { columns: ['city'], by: 'count', count: 2 } },
    ]);
    expect(valuesOf(run, 'city')).toEqual(['other', null]);
  });
});

describe('frequency-encode', () => {
  it('replaces a value by its share or its count', async () => {
    const share = await runRecipe(cities, [{ kind: 'frequency-encode', settings: { columns: ['city'] } }]);
    expect(valuesOf(share, 'city')).toEqual([2 / 6, 2 / 6, 2 / 6, 1 / 6, null, 2 / 6, 1 / 6]);
    const count = await runRecipe(cities, [{ kind: 'frequency-encode', settings: { columns: ['city'], as: 'count' } }]);
    expect(count.columns).toEqual({ city: 'BIGINT' });
    expect(valuesOf(count, 'city')).toEqual([2, 2, 2, 1, null, 2, 1]);
  });

  it('refuses a column that names each row', async () => {
    const many = await runRecipe(
      { columns: { id: 'BIGINT' }, rows: [], fill: 'SELECT range, NULL, 0, range FROM range(10001)' },
      [{ kind: 'frequency-encode', settings: { columns: ['id'] } }],
    );
    expect(many.problems).toMatchObject([{ column: 'id', message: expect.stringContaining('more than 10,000') }]);
  });
});
