import { assert as assertProperty, array, asyncProperty, integer, oneof } from 'fast-check';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import { quoteText } from '../../../domain/recipe/sql-text.ts';
import { stepOf } from './any-step.ts';
import { manyRows, others, table } from './any-table.ts';
import {
  cellsIn,
  hasWorked,
  inEngine,
  keptOf,
  openRealRecipes,
  type RealRecipes,
  recipeWith,
  seeded,
  stepFor,
  unlessRefused,
  Worked,
} from './real-recipes.ts';
import { runRecipe, schemaOf } from './run-recipe.ts';

const kinds = stepKinds.map(({ name }) => name);
const ownRow = stepKinds.filter(({ reach }) => reach !== 'table').map(({ name }) => name);
const around = { others, folds: 3 };
let real: RealRecipes;
beforeAll(async () => {
  real = await openRealRecipes();
});
afterAll(() => real.close());

it('is made up of every kind of step', () => {
  expect(Object.keys(stepOf).toSorted()).toEqual(kinds.toSorted());
});

describe('a preview shows what the full run begins with', () => {
  const worked = new Worked();

  it.each(kinds)('with a step %s among others', async (kind) => {
    const property = asyncProperty(
      table,
      recipeWith(kind),
      integer({ min: 1, max: 10 }),
      async (given, drafts, limit) => {
        const parquet = await real.write(given);
        const { steps, preview } = await real.fitting(parquet, drafts);
        const ask = { parquet, steps, others: real.given };
        const toParquet = real.path('.parquet');
        const run = await unlessRefused(real.worker.runRecipe({ ...ask, toParquet }));
        const kept = keptOf(preview);
        if ('refusal' in run) {
          if (run.refusal.startsWith('No row is left')) expect(kept).toEqual([]);
          else expect(run.refusal).toMatch(/ cannot treat row \d+/);
          return;
        }
        const result = await cellsIn(toParquet, run);
        expect(preview.after).toEqual(run.schema);
        expect(kept).toEqual(result);
        const shown = await real.worker.recipePreview({ ...ask, rows: 'first', limit });
        const head = keptOf(shown);
        expect(head).toEqual(result.slice(0, head.length));
        expect(shown.rows.length).toBeGreaterThanOrEqual(Math.min(limit, result.length));
        const check = await real.worker.recipeCheck(ask);
        expect(check).toMatchObject({ rowsOut: run.rowsOut, schema: run.schema, learned: run.learned });
        for (const [n, counts] of check.steps.entries()) {
          const step = steps[n] as (typeof steps)[number];
          expect(run.steps[n]).toMatchObject({ rowsIn: counts.rowsIn, rowsOut: counts.rowsOut });
          const before = check.steps[n - 1]?.schema ?? schemaOf(given);
          if (hasWorked(counts, step, before)) worked.count(step.kind);
        }
      },
    );
    await worked.until(3, kind, (round) => assertProperty(property, seeded(2, kind, round)));
  });

  it('of more rows than it looks at, too, with what the whole file taught', async () => {
    const parquet = real.path('.parquet');
    await inEngine((connection) =>
      connection.run(`COPY (${manyRows(25_000)}) TO ${quoteText(parquet)} (FORMAT parquet)`),
    );
    let ran = 0;
    const recipe = array(oneof(...ownRow.map((kind) => stepFor(kind))), { minLength: 2, maxLength: 5 });
    await assertProperty(
      asyncProperty(recipe, async (drafts) => {
        const { steps } = await real.fitting(
          parquet,
          drafts.map((draft, n) => ({ ...draft, id: `s${n}` })),
        );
        const ask = { parquet, steps, others: real.given };
        const toParquet = real.path('.parquet');
        const run = await unlessRefused(real.worker.runRecipe({ ...ask, toParquet }));
        if ('refusal' in run) return;
        ran += 1;
        const shown = await real.worker.recipePreview({ ...ask, rows: 'first', learned: run.learned });
        expect(shown.sample).toBe(false);
        const head = keptOf(shown);
        expect(head).toEqual((await cellsIn(toParquet, run)).slice(0, head.length));
      }),
      seeded(6),
    );
    expect(ran).toBeGreaterThan(2);
  }, 60_000);
});

describe('any recipe over any table', () => {
  it('comes to the same on one thread as on two', async () => {
    await assertProperty(
      asyncProperty(
        table,
        array(oneof(...kinds.map((kind) => stepFor(kind))), { minLength: 1, maxLength: 5 }),
        async (given, steps) => {
          const [one, two] = [
            await runRecipe(given, steps, { ...around, threads: 1 }),
            await runRecipe(given, steps, { ...around, threads: 2 }),
          ];
          expect(two.rows).toEqual(one.rows);
          expect(two.leftOut).toEqual(one.leftOut);
          expect(two.walked.steps.map(({ learned }) => learned)).toEqual(
            one.walked.steps.map(({ learned }) => learned),
          );
        },
      ),
      seeded(40),
    );
  });

  it('learns the same to the last bit from many rows on any number of threads', async () => {
    const many = {
      columns: { x: 'DOUBLE', t: 'VARCHAR', y: 'DOUBLE' },
      rows: [],
      fill: `SELECT range, NULL, range % 3, sin(range) * pow(10, range % 20 - 10), 'v' || (range % 11), cos(range) FROM range(250000)`,
    } as const;
    const steps = [
      { kind: 'fill-missing', settings: { columns: ['x'], with: 'mean', group: 't' } },
      { kind: 'scale', settings: { columns: ['x'] } },
      { kind: 'target-encode', settings: { columns: ['t'], label: 'y' } },
      { kind: 'sample-rows', settings: { rows: 500 } },
    ];
    const [one, two] = [await runRecipe(many, steps, { threads: 1 }), await runRecipe(many, steps, { threads: 4 })];
    expect(two.walked.steps.map(({ learned }) => learned)).toEqual(one.walked.steps.map(({ learned }) => learned));
    expect(two.rows).toEqual(one.rows);
  });
});
