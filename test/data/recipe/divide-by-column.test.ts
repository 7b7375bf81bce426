import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../../../data/recipe/recipe-calls.ts';
import { type DataFixture, failureOf, openFixture } from '../data-fixture.ts';
import { step, tableOf } from './recipe-fixture.ts';

const ROWS = 1000;
let fixture: DataFixture;
let parquet: string;
beforeAll(async () => {
  fixture = await openFixture();
  const lines = Array.from({ length: ROWS }, (_, n) => {
    const day = new Date(Date.UTC(2024, 0, 1 + ((n * 7) % 500))).toISOString().slice(0, 10);
    // Customers of very different sizes, some rows of none.
    const customer = n % 50 === 0 ? '' : `c${Math.floor(Math.sqrt(n * 7) % 40)}`;
    return `${n},${customer},${day},${(n * 13) % 977},one,${n % 3 === 0 ? 'yes' : 'no'}`;
  });
  ({ parquet } = await fixture.ingest(`id,customer,day,place,same,y\n${lines.join('\n')}\n`));
});
afterAll(() => fixture.close());

async function divided(
  key: Split['key'],
  given: Partial<Split> = {},
  steps = [step('a', 'trim-text', { columns: ['y'] })],
) {
  const toParquet = join(fixture.folder, 'divided.parquet');
  const split = { holdoutFraction: 0.2, folds: 4, seed: 3, label: 'y', stratify: true, keepFold: true, key, ...given };
  const run = await fixture.worker.runRecipe({ parquet, steps, split, toParquet });
  const { names, rows } = await tableOf(fixture, toParquet);
  const at = (name: string) => names.indexOf(name);
  return {
    run,
    rows: rows.map((row) => ({
      customer: row[at('customer')] ?? null,
      day: row[at('day')] ?? '',
      place: Number(row[at('place')]),
      fold: Number(row[at('__ty_fold')]),
    })),
  };
}

test('whole groups are on one side, and each side has about its share', async () => {
  const { run, rows } = await divided({ by: 'group', column: 'customer' });
  const foldsOf = new Map<string, Set<number>>();
  for (const { customer, fold } of rows) {
    if (customer !== null) foldsOf.set(customer, (foldsOf.get(customer) ?? new Set()).add(fold));
  }
  expect([...foldsOf.values()].every((folds) => folds.size === 1)).toBe(true);
  expect(foldsOf.size).toBe(40);
  expect(run.folds.map(({ fold }) => fold)).toEqual([-1, 0, 1, 2, 3]);
  for (const { rows: count } of run.folds) expect(Math.abs(count - ROWS / 5)).toBeLessThan(80);
  expect(run.stratified).toBe(false);
});

test('another seed draws other groups, the same seed the same', async () => {
  const key = { by: 'group', column: 'customer' } as const;
  const [one, again, other] = [await divided(key), await divided(key), await divided(key, { seed: 4 })];
  expect(again.rows).toEqual(one.rows);
  expect(other.rows).not.toEqual(one.rows);
});

test.each(['day', 'place'] as const)('by %s the latest are held out, and folds are in its order', async (column) => {
  const { run, rows } = await divided({ by: 'time', column });
  const order = (fold: number) => (fold === -1 ? 4 : fold);
  for (const part of [0, 1, 2, 3]) {
    const before = rows.filter(({ fold }) => order(fold) === part).map((row) => row[column]);
    const after = rows.filter(({ fold }) => order(fold) === part + 1).map((row) => row[column]);
    expect(before.length).toBeGreaterThan(150);
    expect(before.reduce((a, b) => (a > b ? a : b)) < after.reduce((a, b) => (a < b ? a : b))).toBe(true);
  }
  expect(run.folds.find(({ fold }) => fold === -1)?.rows).toBeGreaterThan(150);
});

interface Case {
  about: string;
  sizes: number[];
  fraction: number;
  held: number[];
}
/** The trainer divides by the same rule; its tests read the same cases. */
const cases: Case[] = JSON.parse(readFileSync(join(import.meta.dirname, 'grouped-holdout.json'), 'utf8'));

test.each(cases)('$about', async ({ sizes, fraction, held }) => {
  const draw = (name: string) => createHash('md5').update(`3 =${name}`).digest('hex');
  const names = sizes.map((_, n) => `g${n}`).toSorted((a, b) => (draw(a) < draw(b) ? -1 : 1));
  const lines = names.flatMap((name, n) => Array.from({ length: sizes[n] ?? 0 }, (_, i) => `${name},${i},${i % 2}`));
  const { parquet: file } = await fixture.ingest(`customer,place,y\n${lines.join('\n')}\n`);
  const toParquet = join(fixture.folder, 'case.parquet');
  const key = { by: 'group', column: 'customer' } as const;
  const split = { holdoutFraction: fraction, folds: 0, seed: 3, label: 'y', stratify: true, keepFold: true, key };
  const asked = fixture.worker.runRecipe({ parquet: file, steps: [], split, toParquet });
  if (sizes.length - held.length < 2) {
    expect((await failureOf(asked)).message).toContain('has 1 group to learn from beside the held-out rows');
    return;
  }
  await asked;
  const { names: columns, rows } = await tableOf(fixture, toParquet);
  const [at, fold] = [columns.indexOf('customer'), columns.indexOf('__ty_fold')];
  const found = new Set(rows.filter((row) => Number(row[fold]) === -1).map((row) => row[at]));
  expect(found).toEqual(new Set(held.map((n) => names[n])));
});

test('fewer groups, or times, than folds are refused', async () => {
  for (const by of ['group', 'time'] as const) {
    const failure = await failureOf(divided({ by, column: 'y' }, { folds: 4 }));
    expect(failure.type).toBe('BadSettings');
    expect(failure.message).toMatch(/^“y” has 1 (group|different time) to learn from .* 4 folds need at least 4\.$/);
  }
});

test('a name that a step gives is found again where rows are divided', async () => {
  const { rows } = await divided({ by: 'group', column: 'client' }, {}, [
    step('a', 'rename-columns', { pairs: [{ from: 'customer', to: 'client' }] }),
  ]);
  expect(new Set(rows.map(({ fold }) => fold))).toEqual(new Set([-1, 0, 1, 2, 3]));
  expect(rows).toHaveLength(ROWS);
});

test('what cannot divide rows is refused', async () => {
  for (const by of ['group', 'time'] as const) {
    const failure = await failureOf(divided({ by, column: 'same' }));
    expect([failure.type, failure.message]).toEqual(['BadSettings', expect.stringContaining('“same” has too few')]);
  }
  const failure = await failureOf(divided({ by: 'group', column: 'nowhere' }));
  expect(failure.message).toContain('“nowhere”, by which rows are to be divided');
});
