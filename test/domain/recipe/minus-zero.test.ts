import * as fc from 'fast-check';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import { others } from './any-table.ts';
import { recipeWith, seeded } from './real-recipes.ts';
import { type Row, runRecipe, type Table } from './run-recipe.ts';

/** Zeros of both signs, and what becomes one of them. */
const values = ['-0.0', 0, -0.3, 0.3, -1, 1, null, '-1e-300'];
const texts = ['a', 'b', ' a', null];
const table: Table = {
  columns: {
    ...{ id: 'BIGINT', n: 'BIGINT', x: 'DOUBLE', t: 'VARCHAR', [`it's "u"`]: 'VARCHAR', w: 'VARCHAR' },
    ...{ b: 'BOOLEAN', d: 'DATE', s: 'TIMESTAMP', y: 'VARCHAR' },
  },
  rows: Array.from({ length: 32 }, (_, n) => [
    ...[n, (n % 5) - 2, values[n % 8] ?? null, texts[n % 4] ?? null, texts[n % 3] ?? null, n % 2 ? '-0' : '-0.0'],
    ...[n % 2 === 0, '2026-01-01', '2024-02-29 23:59:59', n % 3 === 0 ? 'yes' : 'no'],
  ]),
  folds: Array.from({ length: 32 }, (_, n) => n % 3),
};
const isMinusZero = (cell: unknown) => Object.is(cell, -0) || cell === '-0.0';
const minusZeros = (rows: readonly Row[], names: readonly string[]) =>
  names.filter((name) => rows.some((row) => Object.is(row[name], -0)));

it('is what the table has, as it came', async () => {
  const { rows } = await runRecipe(table, []);
  expect(rows.filter(({ x }) => isMinusZero(x))).toHaveLength(4);
});

it.each(stepKinds.map(({ name }) => name))('is nothing that a step %s makes', async (kind) => {
  await fc.assert(
    fc.asyncProperty(recipeWith(kind), async (drafts) => {
      const { rows, walked } = await runRecipe(table, drafts, { others, folds: 3 });
      const made = walked.stages.flatMap(({ changes, keepsRows, columns }) =>
        keepsRows ? changes : columns.map(({ name }) => name),
      );
      expect(minusZeros(rows, made)).toEqual([]);
    }),
    seeded(25, kind),
  );
});

it.each(['-[x]', '[x] * -1', 'round([x])', 'ceil([x])', '[x] % 1', '0 / [n]', 'min([x], 0)', "to_number('-0')"])(
  'is nothing that the formula %s gives',
  async (formula) => {
    const { rows } = await runRecipe(table, [{ kind: 'make-column', settings: { name: 'z', formula } }]);
    expect(rows.some(({ z }) => z === 0)).toBe(true);
    expect(minusZeros(rows, ['z'])).toEqual([]);
  },
);
