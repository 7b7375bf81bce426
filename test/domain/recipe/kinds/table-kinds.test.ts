import { runRecipe, valuesOf } from '../run-recipe.ts';

describe('sample-rows', () => {
  const table = { columns: { n: 'BIGINT' as const }, rows: [], fill: 'SELECT range, NULL, 0, range FROM range(20000)' };
  const sample = (settings: object) => [
    { kind: 'sort-rows', settings: { columns: ['n'], order: 'down' } },
    { kind: 'sample-rows', settings: { ...settings } },
  ];

  it('draws so many rows, always the same ones, in their order', async () => {
    const [one, two] = [1, 4].map((threads) => runRecipe(table, sample({ rows: 100 }), { threads }));
    const drawn = valuesOf(await (one as NonNullable<typeof one>), 'n').map(Number);
    expect(drawn).toHaveLength(100);
    expect(drawn).toEqual(drawn.toSorted((a, b) => b - a));
    expect(valuesOf(await (two as NonNullable<typeof two>), 'n')).toEqual(drawn);
    expect(valuesOf(await runRecipe(table, sample({ rows: 100, seed: 1 })), 'n')).not.toEqual(drawn);
  });

  it('draws about a share of the rows', async () => {
    const drawn = valuesOf(await runRecipe(table, sample({ by: 'share', share: 0.25 })), 'n');
    expect(Math.abs(drawn.length - 5000)).toBeLessThan(300);
    expect(valuesOf(await runRecipe(table, sample({ by: 'share', share: 1 })), 'n')).toHaveLength(20_000);
  });
});

describe('drop-duplicates', () => {
  const table = {
    columns: { a: 'VARCHAR', n: 'BIGINT' },
    rows: [
      ['x', 1],
      ['y', 2],
      ['x', 1],
      [null, 3],
      ['x', 4],
      [null, 3],
    ],
  } as const;
  const drop = (settings: object) => [{ kind: 'drop-duplicates', settings: { ...settings } }];

  it('keeps the first of rows that are alike everywhere', async () => {
    expect(valuesOf(await runRecipe(table, drop({})), 'n')).toEqual([1, 2, 3, 4]);
  });

  it('keeps the last of rows that are alike in a column', async () => {
    expect(valuesOf(await runRecipe(table, drop({ columns: ['a'], keep: 'last' })), 'n')).toEqual([2, 4, 3]);
  });
});

describe('forward-fill', () => {
  const table = {
    columns: { g: 'VARCHAR', day: 'DATE', x: 'DOUBLE' },
    rows: [
      ['a', '2026-01-03', null],
      ['a', '2026-01-01', 1.5],
      ['b', '2026-01-02', null],
      ['b', '2026-01-01', null],
      ['a', null, null],
      ['b', '2026-01-04', 2],
      ['b', '2026-01-05', null],
    ],
  } as const;

  it('takes the value of the row before, in an order and within groups', async () => {
    const fill = (settings: object) =>
      runRecipe(table, [{ kind: 'forward-fill', settings: { columns: ['x'], order: 'day', ...settings } }]);
    expect(valuesOf(await fill({ group: 'g' }), 'x')).toEqual([1.5, 1.5, null, null, null, 2, 2]);
    expect(valuesOf(await fill({}), 'x')).toEqual([1.5, 1.5, 1.5, 1.5, null, 2, 2]);
    expect((await fill({ group: 'x' })).problems).toMatchObject([{ column: 'x' }]);
  });
});

describe('aggregate-by-group', () => {
  const table = {
    columns: { city: 'VARCHAR', amount: 'DOUBLE', items: 'BIGINT', day: 'DATE' },
    rows: [
      ['b', 0.1, 1, '2026-01-02'],
      ['a', 5, 2, null],
      ['b', 0.2, 2, '2026-01-01'],
      [null, null, null, null],
      ['b', 0.3, 2, '2026-01-03'],
    ],
  } as const;
  const takes = ['count', 'sum', 'mean', 'min', 'max', 'median', 'distinct', 'first', 'most frequent'];
  const aggregate = (measures: { from: string; to: string }[]) => [
    { kind: 'aggregate-by-group', settings: { groups: ['city'], measures } },
  ];

  it('makes one row of each group, in the order in which they came', async () => {
    const run = await runRecipe(table, aggregate(takes.map((to) => ({ from: 'items', to }))));
    expect(run.rows).toMatchObject([
      {
        city: 'b',
        rows: 3,
        items_count: 3,
        items_sum: 5,
        items_mean: 5 / 3,
        items_median: 2,
        items_distinct: 2,
        items_first: 1,
        items_most_frequent: 2,
      },
      { city: 'a', rows: 1, items_min: 2, items_max: 2 },
      { city: null, rows: 1, items_count: 0, items_sum: null, items_mean: null, items_most_frequent: null },
    ]);
    expect(run.columns).toMatchObject({
      rows: 'BIGINT',
      items_sum: 'DOUBLE',
      items_mean: 'DOUBLE',
      items_min: 'BIGINT',
    });
  });

  it('adds floats without loss, and takes the middle day', async () => {
    const run = await runRecipe(
      table,
      aggregate([
        { from: 'amount', to: 'sum' },
        { from: 'amount', to: 'mean' },
        { from: 'day', to: 'median' },
      ]),
    );
    expect(run.rows[0]).toEqual({
      city: 'b',
      rows: 3,
      amount_sum: 0.6,
      amount_mean: 0.6 / 3,
      day_median: '2026-01-02',
    });
    expect(run.rows[2]).toEqual({ city: null, rows: 1, amount_sum: null, amount_mean: null, day_median: null });
  });

  it('adds whole numbers to one beyond the largest there is', async () => {
    const large = {
      columns: { g: 'VARCHAR', n: 'BIGINT' },
      rows: [
        ['up', '9223372036854775807'],
        ['down', '-9223372036854775808'],
        ['up', '9223372036854775807'],
        ['down', '-9223372036854775808'],
        ['back', '9223372036854775807'],
        ['back', '9223372036854775807'],
        ['back', '-9223372036854775807'],
        ['back', '-9223372036854775807'],
        ['back', -3],
        ['odd', 2 ** 53 - 2],
        ['odd', 1],
      ],
    } as const;
    const steps = [{ kind: 'aggregate-by-group', settings: { groups: ['g'], measures: [{ from: 'n', to: 'sum' }] } }];
    const sums = valuesOf(await runRecipe(large, steps, { threads: 2 }), 'n_sum');
    expect(sums).toEqual([2 ** 64, -(2 ** 64), -3, 2 ** 53 - 1]);
  });

  it('comes to the same last bit on any number of threads', async () => {
    const many = {
      columns: { g: 'VARCHAR', x: 'DOUBLE' },
      rows: [],
      fill: `SELECT range, NULL, 0, CAST(range % 7 AS VARCHAR), sin(range) * pow(10, range % 30 - 15) FROM range(300000)`,
    } as const;
    const steps = [
      {
        kind: 'aggregate-by-group',
        settings: {
          groups: ['g'],
          measures: [
            { from: 'x', to: 'sum' },
            { from: 'x', to: 'mean' },
          ],
        },
      },
    ];
    const [one, four] = await Promise.all([1, 4].map((threads) => runRecipe(many, steps, { threads })));
    expect(one?.rows).toHaveLength(7);
    expect(four?.rows).toEqual(one?.rows);
  });

  it('refuses the mean of text', async () => {
    expect((await runRecipe(table, aggregate([{ from: 'city', to: 'mean' }]))).problems).toMatchObject([
      { column: 'city', message: 'The mean of “city” cannot be taken: it is text.' },
    ]);
  });
});
