import { stepsSchema } from '../../../domain/recipe/recipe.ts';

const replace = (id: string, to: string) => ({ id, kind: 'replace-values', settings: { pairs: [{ from: 'a', to }] } });
const messageOf = (steps: unknown[]) => stepsSchema.safeParse(steps).error?.issues[0]?.message;

test('a recipe has so many steps at most', () => {
  const steps = (count: number) => Array.from({ length: count }, (_, n) => replace(`s${n}`, 'b'));
  expect(messageOf(steps(100))).toBeUndefined();
  expect(messageOf(steps(101))).toBe('A recipe has at most 100 steps.');
});

test('a recipe has so many bytes at most, whatever it is written in', () => {
  expect(messageOf([replace('s', 'a'.repeat(250_000))])).toBeUndefined();
  for (const long of ['a'.repeat(270_000), 'ö'.repeat(140_000)]) {
    expect(messageOf([replace('s', long)])).toMatch(/at most 256 KB in all\. Put long lists of values into a dataset/);
  }
});
