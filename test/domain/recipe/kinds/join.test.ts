import { runRecipe } from '../run-recipe.ts';

const orders = {
  columns: { id: 'BIGINT', city: 'VARCHAR' },
  rows: [
    [1, 'Rome'],
    [2, 'Oslo'],
    [3, null],
    [4, 'Bonn'],
    [5, 'Rome'],
  ],
} as const;
const cities = {
  name: 'cities',
  columns: { name: 'VARCHAR', people: 'BIGINT', id: 'VARCHAR' },
  rows: [
    ['Oslo', 7, 'o'],
    ['Rome', null, 'r'],
    ['Lima', 10, 'l'],
    ['Rome', 99, 'r2'],
    [null, 1, 'x'],
  ],
} as const;
const others = { d1: cities };
const look = (more = {}, step = {}) => [
  {
    kind: 'join',
    settings: { dataset: 'd1', keys: [{ from: 'city', to: 'name' }], take: ['people', 'id'], ...more },
    ...step,
  },
];

describe('join', () => {
  it('takes the first row of each key, a missing value of it too, and says what matched', async () => {
    const run = await runRecipe(orders, look(), { others, threads: 2 });
    expect(run.problems).toEqual([]);
    expect(run.columns).toEqual({ id: 'BIGINT', city: 'VARCHAR', people: 'BIGINT', id_2: 'VARCHAR' });
    expect(run.rows).toEqual([
      { id: 1, city: 'Rome', people: null, id_2: 'r' },
      { id: 2, city: 'Oslo', people: 7, id_2: 'o' },
      { id: 3, city: null, people: null, id_2: null },
      { id: 4, city: 'Bonn', people: null, id_2: null },
      { id: 5, city: 'Rome', people: null, id_2: 'r' },
    ]);
    expect(run.walked.steps[0]?.learnedSentence).toBe(
      '3 training rows found a partner, 2 did not; 1 keys of the other dataset were never used; 1 keys are there several times',
    );
    expect(run.failing).toEqual({ s1: 2 });
  });

  it('leaves out rows without a partner when told so', async () => {
    const run = await runRecipe(orders, look({ prefix: 'city_' }, { onFailure: 'drop' }), { others });
    expect(run.rows.map(({ id }) => id)).toEqual([1, 2, 5]);
    expect(Object.keys(run.columns)).toEqual(['id', 'city', 'city_people', 'city_id']);
    expect(run.leftOut).toEqual([
      { row: 2, step: 's1' },
      { row: 3, step: 's1' },
    ]);
  });

  it('stops at a key that is there several times when told so', async () => {
    const run = await runRecipe(orders, look({ repeated: 'stop' }), { others });
    expect(run.problems).toMatchObject([{ field: 'keys', message: expect.stringContaining('1 keys are') }]);
  });

  it('keeps the order of a sort before it, on several threads', async () => {
    const many = {
      columns: { id: 'BIGINT', city: 'VARCHAR' },
      rows: [],
      fill: `SELECT range, NULL, 0, range, CASE WHEN range % 3 = 0 THEN 'Rome' ELSE 'Oslo' END FROM range(200000)`,
    } as const;
    const steps = [{ kind: 'sort-rows', settings: { columns: ['id'], order: 'down' } }, ...look()];
    const run = await runRecipe(many, steps, { others, threads: 4 });
    const ids = run.rows.map(({ id }) => Number(id));
    expect(ids.length).toBe(200_000);
    expect(ids.every((id, n) => id === 199_999 - n)).toBe(true);
  });

  it('looks up in a million rows, and in not one more', async () => {
    const rowsOf = (rows: number) => ({
      others: {
        d1: {
          name: 'many',
          columns: { k: 'BIGINT', v: 'BIGINT' },
          rows: [],
          // The first has no key and is no row to look up.
          fill: `SELECT range, NULL, -1, nullif(range, 0), range * 2 FROM range(${rows + 1})`,
        } as const,
      },
      threads: 2,
    });
    const steps = [
      { kind: 'join', settings: { dataset: 'd1', keys: [{ from: 'id', to: 'k' }], take: ['v'], repeated: 'stop' } },
    ];
    const asked = { columns: { id: 'BIGINT' as const }, rows: [[1], [1_000_000], [1_000_001]] };
    const most = await runRecipe(asked, steps, rowsOf(1_000_000));
    expect(most.problems).toEqual([]);
    expect(most.rows.map(({ v }) => v)).toEqual([2, 2_000_000, null]);
    const more = await runRecipe(asked, steps, rowsOf(1_000_001));
    expect(more.problems).toMatchObject([
      { field: 'dataset', message: expect.stringContaining('more than 1,000,000 rows') },
    ]);
  });

  it('says what is wrong: no dataset, no column, other types', async () => {
    const problems = async (more: object) => (await runRecipe(orders, look(more), { others })).problems;
    expect(await problems({ dataset: 'd2' })).toMatchObject([{ field: 'dataset' }]);
    expect(await problems({ take: ['area'] })).toMatchObject([{ message: 'There is no column “area” in “cities”.' }]);
    expect(await problems({ keys: [{ from: 'id', to: 'name' }] })).toMatchObject([
      { column: 'id', message: expect.stringContaining('never equal') },
    ]);
  });
});
