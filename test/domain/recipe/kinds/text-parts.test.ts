import { runRecipe } from '../run-recipe.ts';

const table = (...texts: (string | null)[]) => ({
  columns: { x: 'VARCHAR' as const },
  rows: texts.map((text) => [text]),
});

describe('split', () => {
  const split = (texts: (string | null)[], settings: Record<string, unknown>) =>
    runRecipe(table(...texts), [{ kind: 'split-text', settings: { column: 'x', ...settings } }]);

  it('makes columns, the last one of the rest', async () => {
    const run = await split(['a, b,c,d', 'a', ',b', null], { separator: ',', parts: 3, drop: true });
    expect(run.rows).toEqual([
      { x_1: 'a', x_2: 'b', x_3: 'c,d' },
      { x_1: 'a', x_2: null, x_3: null },
      { x_1: null, x_2: 'b', x_3: null },
      { x_1: null, x_2: null, x_3: null },
    ]);
    expect(run.failing).toEqual({ s1: 2 });
  });

  it('takes a separator as it is', async () => {
    expect((await split(["a.*'b"], { separator: ".*'" })).rows).toEqual([{ x: "a.*'b", x_1: 'a', x_2: 'b' }]);
  });

  it('is refused without a separator, of numbers, and over a column that is there', async () => {
    expect((await split([], { separator: '' })).problems[0]?.message).toBe('Write what separates the parts.');
    const taken = { columns: { x: 'BIGINT', X_2: 'BIGINT' }, rows: [] } as const;
    const run = await runRecipe(taken, [{ kind: 'split-text', settings: { column: 'x', separator: ',' } }]);
    expect(run.problems.map(({ message }) => message)).toEqual([
      '“x” cannot be split: it is a whole number, not text.',
      'There is already a column “x_2”.',
    ]);
  });
});

describe('extract', () => {
  const extract = async (texts: (string | null)[], settings: Record<string, unknown>) => {
    const step = { kind: 'extract-text', settings: { column: 'x', name: 'y', ...settings } };
    const run = await runRecipe(table(...texts), [step]);
    return { ...run, values: run.rows.map(({ y }) => y), failing: run.failing.s1 };
  };

  it('takes letters from either end', async () => {
    expect((await extract(['äöü😀', 'a', null], { letters: 2 })).values).toEqual(['äö', 'a', null]);
    expect((await extract(['äöü😀'], { what: 'last letters', letters: 2 })).values).toEqual(['ü😀']);
  });

  it('takes what a pattern finds, or its first group', async () => {
    const whole = await extract(['AB-12345', 'x', null], { what: 'pattern', pattern: '[0-9]{5}' });
    expect([whole.values, whole.failing]).toEqual([['12345', null, null], 1]);
    const group = { what: 'pattern', pattern: "^(?:Mr|Ms)\\. (\\w+)'s" };
    expect((await extract(["Ms. Smith's", 'Dr. Who'], group)).values).toEqual(['Smith', null]);
  });

  it('is refused with a pattern that means nothing', async () => {
    const message = async (pattern: string) => (await extract([], { what: 'pattern', pattern })).problems[0]?.message;
    expect(await message('(a')).toContain('The ( is never closed.');
    expect(await message('')).toBe('There is no pattern.');
  });
});

it('combines columns, and passes over what is missing', async () => {
  const rows = [
    ['a', 1, 2.0],
    [null, 2, null],
    [null, null, null],
  ];
  const run = await runRecipe({ columns: { t: 'VARCHAR', n: 'BIGINT', d: 'DOUBLE' }, rows }, [
    { kind: 'combine-text', settings: { columns: ['n', 't', 'd'], separator: "'-", name: 'all' } },
  ]);
  expect(run.rows.map(({ all }) => all)).toEqual(["1'-a'-2", '2', null]);
  const taken = await runRecipe({ columns: { t: 'VARCHAR' }, rows: [] }, [
    { kind: 'combine-text', settings: { columns: ['t'], name: 'T' } },
  ]);
  expect(taken.problems[0]?.message).toBe('There is already a column “T”.');
});
