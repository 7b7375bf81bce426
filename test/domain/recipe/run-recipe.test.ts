import { runRecipe } from './run-recipe.ts';

describe('a recipe in a real data engine', () => {
  it('learns, changes and sorts', async () => {
    const run = await runRecipe(
      {
        columns: { plan: 'VARCHAR', tenure: 'BIGINT' },
        rows: [
          [' Basic ', 3],
          ['x', null],
          ['pro', 29],
          ['pro', 30],
        ],
      },
      [
        { kind: 'trim-text', settings: { columns: ['plan'], letters: 'lower' } },
        { kind: 'fill-missing', settings: { columns: ['tenure'], with: 'median' } },
        { kind: 'sort-rows', settings: { columns: ['tenure'], order: 'down' } },
      ],
    );
    expect(run.problems).toEqual([]);
    expect(run.columns).toEqual({ plan: 'VARCHAR', tenure: 'BIGINT' });
    expect(run.rows.map(({ tenure }) => tenure)).toEqual([30, 29, 29, 3]);
    expect(run.rows.at(-1)).toEqual({ plan: 'basic', tenure: 3 });
  });
});
