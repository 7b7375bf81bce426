import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert as assertProperty, asyncProperty, boolean, nat } from 'fast-check';
import { engineVersion } from '../../../data/engine-version.ts';
import type { RecipeRun, Split } from '../../../data/recipe/recipe-calls.ts';
import { type FittedRecipe, inputTable } from '../../../domain/recipe/fitted-recipe.ts';
import { recipeForTraining } from '../../../domain/recipe/for-training.ts';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import type { Step } from '../../../domain/recipe/recipe.ts';
import { quoteName, quoteText } from '../../../domain/recipe/sql-text.ts';
import { rowNumber } from '../../../domain/recipe/step-kind.ts';
import { engineEnvironments } from '../../../infra/local/engine-environments.ts';
import { loadSettings } from '../../../settings/settings.ts';
import { others, table } from './any-table.ts';
import {
  inEngine,
  openRealRecipes,
  type RealRecipes,
  recipeWith,
  seeded,
  unlessRefused,
  Worked,
} from './real-recipes.ts';
import { schemaOf, type Table } from './run-recipe.ts';

const kinds = stepKinds.map(({ name }) => name);
const labels = ['y'];
/** The folders of the models, with the steps that made them. */
const cases = new Map<string, Step[]>();
/** Steps of models, also those that rows to predict pass by. */
const replayed = new Worked();
let real: RealRecipes;
beforeAll(async () => {
  real = await openRealRecipes();
});
afterAll(() => real.close());

it.each(kinds)('after %s each row is predicted alone as among others, and as it was trained with', async (kind) => {
  const property = asyncProperty(table, recipeWith(kind), nat(), boolean(), async (given, drafts, which, isSplit) => {
    const parquet = await real.write(given);
    const { steps } = await real.fitting(parquet, drafts);
    const model = await trained(given, parquet, steps, isSplit);
    if (!model) return;
    expect(model.fitted.inputColumns.map(({ name }) => name)).not.toContain('y');
    const batch = await predicted(model);
    expect(batch.map(({ row }) => Number(row))).toEqual(batch.map((_, n) => n));
    const alone = which % batch.length;
    expect(await predicted(model, alone)).toEqual([batch[alone]]);
    await expectAsTrained(model, batch);
    cases.set(model.folder, steps);
    for (const step of steps) {
      const isApplied = model.fitted.steps.some(
        ({ id, applied, why }) => id === step.id && (applied || why !== undefined),
      );
      if (isApplied) replayed.count(step.kind);
    }
  });
  await replayed.until(2, kind, (round) => assertProperty(property, seeded(2, kind, round)));
});

it('comes to the same in Python', async () => {
  const { cacheFolder, pythonPath } = loadSettings();
  const environments = engineEnvironments({
    cacheFolder,
    trainerFolder: 'trainer-image',
    pythonPath: pythonPath || 'python3',
  });
  const python = await environments.prepare('sklearn', () => {});
  const { stdout, stderr, status } = spawnSync(python, [join(import.meta.dirname, 'replay_fitted.py')], {
    input: [...cases.keys()].join('\n'),
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 2 ** 26,
  });
  expect([status, stderr]).toEqual([0, '']);
  const told = JSON.parse(stdout) as { folder: string; differences: string[] }[];
  expect(told.map((each) => ({ ...each, steps: cases.get(join(real.folder, each.folder)) }))).toEqual([]);
  expect(cases.size).toBeGreaterThan(kinds.length);
}, 60_000);

interface Model {
  fitted: FittedRecipe;
  /** What the trainer unpacks: recipe, lookups, and the rows to predict beside them. */
  folder: string;
  run: RecipeRun;
  steps: Step[];
  result: string;
  isSplit: boolean;
}

/** What a job would do with the recipe; nothing when it cannot be trained with. */
async function trained(given: Table, parquet: string, steps: Step[], isSplit: boolean): Promise<Model | undefined> {
  const folder = real.path('');
  await mkdir(folder);
  const split: Split = { holdoutFraction: 0.2, folds: 3, seed: 1, label: 'y', stratify: true };
  const ask = { parquet, steps, others: real.given, toParquet: real.path('.parquet'), toLookups: folder };
  const hasLabel = (run: RecipeRun) => run.schema.some(({ name }) => name === 'y');
  const run = await unlessRefused(real.worker.runRecipe(ask));
  if ('refusal' in run || !hasLabel(run)) return undefined;
  const again = isSplit ? await unlessRefused(real.worker.runRecipe({ ...ask, split })) : run;
  if ('refusal' in again) return undefined;
  const made = await recipeForTraining({
    steps,
    schema: schemaOf(given),
    others: new Map(Object.entries(others).map(([id, other]) => [id, { name: other.name, schema: schemaOf(other) }])),
    itself: new Set(),
    fits: again.learned,
    isSample: false,
    task: { kind: 'binary', labels },
    ignoredColumns: [],
    duckdb: engineVersion,
  });
  if ('problems' in made) return undefined;
  const { fitted, walked } = made;
  for (const { stepId, path } of again.lookups) await copyFile(path, join(folder, `lookup_${stepId}.parquet`));
  await writeFile(join(folder, 'recipe.json'), JSON.stringify(fitted));
  // Before a step that makes other things of rows, they are not what is predicted.
  const last = walked.stages.findLast(({ keepsRows }) => !keepsRows)?.stepId;
  const rows = join(folder, 'rows.parquet');
  if (last === undefined) await copyFile(parquet, rows);
  else {
    const before = steps.slice(0, steps.findIndex(({ id }) => id === last) + 1);
    await real.worker.runRecipe({ ...ask, steps: before, toParquet: rows, toLookups: undefined });
  }
  return { fitted, folder, run: again, steps, result: ask.toParquet, isSplit };
}

interface Predicted {
  row: unknown;
  leftOut: unknown;
  cells: unknown[];
}

/** All rows, or one of them: from the model's folder alone. */
async function predicted({ fitted, folder }: Model, only?: number): Promise<Predicted[]> {
  return inEngine(async (connection) => {
    for (const { name, file } of fitted.lookups) {
      await connection.run(`CREATE TEMP TABLE ${name} AS FROM read_parquet(${quoteText(join(folder, file))})`);
    }
    const names = fitted.inputColumns.map(({ name }) => `, ${quoteName(name)}`).join('');
    const where = only === undefined ? '' : ` WHERE file_row_number = ${only}`;
    await connection.run(
      `CREATE TEMP VIEW ${inputTable} AS SELECT file_row_number AS ${rowNumber}${names} FROM read_parquet(${quoteText(join(folder, 'rows.parquet'))}, file_row_number = true)${where}`,
    );
    if (only === undefined) {
      await connection.run(
        `COPY (${fitted.applySql}) TO ${quoteText(join(folder, 'expected.parquet'))} (FORMAT parquet)`,
      );
    }
    const read = await connection.runAndReadAll(`SELECT * FROM (${fitted.applySql}) ORDER BY ${rowNumber}`);
    return read.getRowsJson().map(([row, leftOut, ...cells]) => ({ row, leftOut, cells }));
  });
}

/** Rows are known again by their ids. What was cross-fitted, or taken from other rows, is another thing when predicting. */
async function expectAsTrained({ fitted, run, steps, result, isSplit }: Model, batch: Predicted[]): Promise<void> {
  const isOther = steps.some(({ kind }) => kind === 'forward-fill' || (isSplit && kind === 'target-encode'));
  const at = fitted.outputColumns.findIndex(({ name }) => name === 'id');
  if (isOther || at < 0) return;
  const names = fitted.outputColumns.map(({ name }) => quoteName(name)).join(', ');
  const read = await inEngine((connection) =>
    connection.runAndReadAll(`SELECT ${names} FROM read_parquet(${quoteText(result)})`),
  );
  expect(read.getRowsJson()).toHaveLength(run.rowsOut);
  const byId = new Map(batch.map((each) => [each.cells[at], each]));
  for (const cells of read.getRowsJson()) {
    expect(byId.get(cells[at] as string)).toMatchObject({ leftOut: null, cells });
  }
}
