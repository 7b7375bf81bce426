import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { n: 'BIGINT', x: 'DOUBLE' },
  rows: [...[1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map((n) => [n, n / 2]), [null, 'nan']],
} as const;
const clip = (more = {}) => [{ kind: 'clip-outliers', settings: { columns: ['n', 'x'], ...more } }];

describe('clip-outliers', () => {
  it('clips by the middle half, and whole numbers stay whole', async () => {
    const run = await runRecipe(table, clip({ by: 'middle half', times: 1.5 }));
    expect(run.columns).toEqual({ n: 'BIGINT', x: 'DOUBLE' });
    expect(valuesOf(run, 'n').slice(-3)).toEqual([9, 14, null]);
    expect(valuesOf(run, 'x').slice(-3)).toEqual([4.5, 7.25, 'NaN']);
  });

  it('empties by shares of the rows', async () => {
    const run = await runRecipe(table, clip({ low: 0.1, high: 0.9, then: 'empty' }));
    expect(valuesOf(run, 'n')).toEqual([null, 2, 3, 4, 5, 6, 7, 8, 9, null, null]);
  });

  it('leaves out rows by deviations from the mean, not those without a value', async () => {
    const run = await runRecipe(table, clip({ by: 'deviations', times: 2, then: 'drop' }));
    expect(run.leftOut).toEqual([{ row: 9, step: 's1' }]);
  });

  it('bounds whole numbers of any size', async () => {
    const huge = ['9223372036854775807', '-9223372036854775808', '0'].map((n) => [n]);
    const run = await runRecipe({ columns: { n: 'BIGINT' }, rows: huge }, [
      { kind: 'clip-outliers', settings: { columns: ['n'], by: 'deviations', times: 1 } },
    ]);
    expect(run.problems).toEqual([]);
    expect(valuesOf(run, 'n')[2]).toBe(0);
  });

  it('refuses shares in the wrong order', async () => {
    expect((await runRecipe(table, clip({ low: 0.9, high: 0.1 }))).problems).toMatchObject([{ field: 'low' }]);
  });
});

describe('bin', () => {
  const bins = (more = {}) => [{ kind: 'bin', settings: { columns: ['n'], bins: 2, ...more } }];

  it('makes bins of as many rows each', async () => {
    const run = await runRecipe(table, bins());
    expect(valuesOf(run, 'n')).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, null]);
  });

  it('makes bins of the same width, in words', async () => {
    const run = await runRecipe(table, bins({ by: 'equal width', as: 'words' }));
    expect(new Set(valuesOf(run, 'n'))).toEqual(new Set(['below 500.5', '500.5 or more', null]));
  });

  it('makes fewer bins where values are the same', async () => {
    const same = { columns: { n: 'BIGINT' }, rows: [[1], [1], [1], [1], [2]] } as const;
    expect(new Set(valuesOf(await runRecipe(same, bins({ bins: 10 })), 'n')).size).toBeLessThanOrEqual(3);
  });
});
