import { runRecipe } from '../run-recipe.ts';

const table = (values: (string | null)[]) => ({ columns: { plan: 'VARCHAR' as const }, rows: values.map((v) => [v]) });
const encode = (more = {}) => [{ kind: 'one-hot', settings: { columns: ['plan'], ...more } }];

describe('one-hot', () => {
  it('makes a column of each frequent value, and one of all others', async () => {
    const run = await runRecipe(table(['b', 'a', 'b', 'c', null, 'a']), encode({ most: 2 }));
    expect(run.columns).toEqual({ plan_a: 'BIGINT', plan_b: 'BIGINT', plan_other: 'BIGINT' });
    expect(run.rows.map((row) => Object.values(row).join(''))).toEqual(['010', '100', '010', '001', '000', '100']);
    expect(run.walked.steps[0]?.learnedSentence).toBe('learned from the training rows: “plan”: a, b, and others');
  });

  it('gives other values 0 everywhere when told so', async () => {
    const run = await runRecipe(table(['b', 'a', 'b']), encode({ most: 1, others: 'none' }));
    expect(run.rows).toEqual([{ plan_b: 1 }, { plan_b: 0 }, { plan_b: 1 }]);
  });

  it('makes safe names, each once, of whatever the values are', async () => {
    const values = ['a b', 'A_B', `"; DROP TABLE x; --`, '<b>', 'other', 'ü', 'y'.repeat(500)];
    const run = await runRecipe(table(values), encode());
    const names = Object.keys(run.columns);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(8);
    for (const name of names) expect(name).toMatch(/^plan_[\p{L}\p{N}_.+-]{1,63}$/u);
    expect(run.rows.map((row) => Object.values(row).reduce<number>((sum, one) => sum + Number(one), 0))).toEqual(
      values.map(() => 1),
    );
  });

  it('does not take the name of another column', async () => {
    const two = { columns: { plan: 'VARCHAR', plan_a: 'BIGINT' }, rows: [['a', 7]] } as const;
    const run = await runRecipe(two, encode({ others: 'none' }));
    expect(run.rows).toEqual([{ plan_a_2: 1, plan_a: 7 }]);
  });

  it('encodes whole numbers and yes or no, and refuses others', async () => {
    const yes = { columns: { b: 'BOOLEAN', n: 'BIGINT', x: 'DOUBLE' }, rows: [[true, -1, 0.5]] } as const;
    const run = await runRecipe(yes, [{ kind: 'one-hot', settings: { columns: ['b', 'n'], others: 'none' } }]);
    expect(run.columns).toEqual({ b_true: 'BIGINT', 'n_-1': 'BIGINT', x: 'DOUBLE' });
    const wrong = await runRecipe(yes, [{ kind: 'one-hot', settings: { columns: ['x'] } }]);
    expect(wrong.problems[0]?.message).toBe('“x” cannot be one-hot encoded: it is a number.');
  });
});
