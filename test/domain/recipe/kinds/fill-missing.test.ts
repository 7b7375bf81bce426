import { runRecipe, valuesOf } from '../run-recipe.ts';

const table = {
  columns: { x: 'DOUBLE', n: 'BIGINT', day: 'DATE', at: 'TIMESTAMP', city: 'VARCHAR', g: 'VARCHAR' },
  rows: [
    [1, 1, '2026-01-01', '2026-01-01 00:00:00', 'Rome', 'a'],
    ['inf', 2, '2026-01-02', '2026-01-02 00:00:00', 'Oslo', 'a'],
    ['nan', 4, '2026-01-04', '2026-01-03 00:00:00', 'Oslo', 'b'],
    [2, 7, '2026-01-07', '2026-01-04 00:00:00', 'Rome', 'b'],
    [null, null, null, null, null, 'a'],
    [null, null, null, null, null, 'new'],
    [null, null, null, null, null, null],
  ],
} as const;
const fill = (columns: string[], more = {}) =>
  runRecipe(table, [{ kind: 'fill-missing', settings: { columns, ...more } }]);
const filled = async (column: string, more = {}) => valuesOf(await fill([column], more), column).slice(4);

describe('fill-missing', () => {
  it('takes no NaN and no infinity for usual', async () => {
    expect(await filled('x', { with: 'mean' })).toEqual([1.5, 1.5, 1.5]);
    expect(await filled('x', { with: 'median' })).toEqual([1.5, 1.5, 1.5]);
    expect(await filled('x')).toEqual([1, 1, 1]);
  });

  it('keeps whole numbers, days and times with the median, and lets a mean of whole numbers be a number', async () => {
    expect(await filled('n', { with: 'median' })).toEqual([2, 2, 2]);
    expect(await filled('day', { with: 'median' })).toEqual(['2026-01-02', '2026-01-02', '2026-01-02']);
    expect(await filled('at', { with: 'median' })).toEqual(Array(3).fill('2026-01-02 00:00:00'));
    const mean = await fill(['n'], { with: 'mean' });
    expect(mean.columns).toMatchObject({ n: 'DOUBLE' });
    expect(valuesOf(mean, 'n').slice(3)).toEqual([7, 3.5, 3.5, 3.5]);
  });

  it('takes the least of equally frequent values, and the group’s own where it has one', async () => {
    expect(await filled('city')).toEqual(['Oslo', 'Oslo', 'Oslo']);
    expect(await filled('n', { with: 'mean', group: 'g' })).toEqual([1.5, 3.5, 3.5]);
    expect(await filled('city', { group: 'g' })).toEqual(['Oslo', 'Oslo', 'Oslo']);
    expect(await filled('n', { with: 'median', group: 'g' })).toEqual([1, 2, 2]);
  });

  it('puts a constant, and refuses one that is no value', async () => {
    expect(await filled('day', { with: 'constant', constant: '2000-02-29' })).toEqual(Array(3).fill('2000-02-29'));
    expect((await fill(['n'], { with: 'constant', constant: '1.5' })).problems).toMatchObject([{ field: 'constant' }]);
    expect((await fill(['city'], { with: 'mean' })).problems).toMatchObject([
      { message: 'The mean of “city” cannot be taken: it is text.' },
    ]);
  });
});
