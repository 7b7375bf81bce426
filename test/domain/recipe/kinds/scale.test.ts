import { runRecipe, valuesOf } from '../run-recipe.ts';

const numbers = [0.1, 0.2, 0.3, 1e9, 7, -3.5];
const table = { columns: { x: 'DOUBLE', n: 'BIGINT' }, rows: numbers.map((x, n) => [x, n]) } as const;
const scaled = (by: string, columns = ['x']) => [{ kind: 'scale', settings: { columns, by } }];

describe('scale', () => {
  it('brings numbers to mean 0 and deviation 1', async () => {
    const run = await runRecipe(table, scaled('standard', ['x', 'n']));
    expect(run.columns).toEqual({ x: 'DOUBLE', n: 'DOUBLE' });
    const values = valuesOf(run, 'n') as number[];
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
    expect(values.reduce((sum, value) => sum + value * value, 0) / 6).toBeCloseTo(1, 12);
  });

  it('brings numbers to the range from 0 to 1, or round the median', async () => {
    expect(valuesOf(await runRecipe(table, scaled('range', ['n'])), 'n')).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(valuesOf(await runRecipe(table, scaled('robust', ['n'])), 'n')).toEqual([-1, -0.6, -0.2, 0.2, 0.6, 1]);
  });

  it('learns nothing from infinities, makes a single value 0, and leaves missing ones missing', async () => {
    const odd = { columns: { x: 'DOUBLE' }, rows: [[5], ['inf'], ['nan'], [null], [5]] } as const;
    const run = await runRecipe(odd, scaled('standard'));
    expect(valuesOf(run, 'x')).toEqual([0, 'Infinity', 'NaN', null, 0]);
  });

  it('leaves a column empty of which nothing was learned', async () => {
    const run = await runRecipe({ columns: { x: 'DOUBLE' }, rows: [[null], ['nan']] }, scaled('range'));
    expect(valuesOf(run, 'x')).toEqual([null, null]);
  });

  it('says what it learned, and refuses text with two things to do', async () => {
    const run = await runRecipe(table, scaled('range', ['n']));
    expect(run.sentences).toEqual(['Scale “n” to the range from 0 to 1']);
    expect(run.walked.steps[0]?.learnedSentence).toBe('learned from the training rows: “n”: middle 0, width 5');
    const text = await runRecipe({ columns: { city: 'VARCHAR' }, rows: [] }, scaled('range', ['city']));
    expect(text.problems).toMatchObject([
      {
        column: 'city',
        message: '“city” cannot be scaled: it is text, not a number.',
        instead: expect.stringContaining('or'),
      },
    ]);
  });
});
