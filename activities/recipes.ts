import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { schemaOf } from '../db/looked-into.ts';
import type { DatasetRow } from '../db/tables.ts';
import { engineVersion } from '../data/engine-version.ts';
import type { RecipeRun, Split } from '../data/recipe/recipe-calls.ts';
import { checkLabelAndSplit } from '../domain/check-training.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { Holder } from '../domain/ids.ts';
import { type JobSpec, sideColumns } from '../domain/job-spec.ts';
import { recipeForTraining, type TrainingRecipe } from '../domain/recipe/for-training.ts';
import type { Step } from '../domain/recipe/recipe.ts';
import type { Column } from '../domain/recipe/table-schema.ts';
import type { TaskKind } from '../domain/task.ts';
import { recipeFolder } from '../domain/trainer-spec.ts';
import type { Cloud } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';
import { writeEntry } from './timeline-entry.ts';
import { type Other, othersOf } from './recipe-tables.ts';
import { saying } from './saying.ts';

/** Where a job's bucket has what prepared its data. */
const preparationObject = `${recipeFolder}/preparation.json`;
const GOLDEN_ROWS = 20;

/** What the trainer tells of the recipe, and by which columns it learns; see docs/trainer-contract.md. */
interface Preparation {
  version: 1;
  recipe: { id: string; name: string; version: number };
  rowsIn: number;
  rowsOut: number;
  columns: Column[];
  /** The ids of steps that learned from the label, for each fold outside of it. */
  crossFitted: string[];
  steps: {
    id: string;
    place: number;
    sentence: string;
    learned: string | null;
    learnedFromAllRows: boolean;
    rowsIn: number | null;
    rowsOut: number | null;
    leftOut: number;
  }[];
}

type RecipeWork = Pick<Dependencies, 'stores' | 'store' | 'data'>;
/**
 * Carries the job's recipe out on the whole dataset and lays out what came of it. Its steps learn once for each job: what
 * tells that all is there is written last, and looked for first.
 */
export async function stageRecipe(
  dependencies: Dependencies,
  cloud: Cloud,
  { spec, dataset, raw, folder }: { spec: JobSpec; dataset: DatasetRow; raw: string; folder: string },
): Promise<void> {
  const holder: Holder = { kind: 'job', id: spec.id };
  if (await cloud.getText(holder, preparationObject)) return;
  const { name, version, steps } = await recipeVersionOf(dependencies, spec);
  const others = await othersOf(dependencies, { dataset, steps, folder });
  const prepared = join(folder, 'prepared.parquet');
  const lookups = join(folder, 'lookups');
  await mkdir(lookups);
  const run = await saying(dependencies.stores, holder, (say) =>
    dependencies.data.runRecipe({
      parquet: raw,
      steps,
      others,
      split: {
        ...spec.split,
        label: spec.task.labels[0] ?? '',
        stratify: goesByClasses(spec.task.kind),
        ...keyOf(spec),
        keepFold: true,
      },
      toParquet: prepared,
      toLookups: lookups,
      signal: cancelled(),
      onProgress: ({ passes, ofPasses }) =>
        say(`Preparing the data by the recipe “${name}”: pass ${passes + 1} of about ${ofPasses}.`),
    }),
  );
  requireBothParts(run);
  const fitted = await fittedFrom(run, { spec, dataset, steps, others });
  await requireTrainable(dependencies, spec, prepared, name);
  const golden = await goldenRows(dependencies, { fitted, steps, others, raw, folder });

  await cloud.putObject(holder, 'input/data.parquet', prepared);
  for (const { file, name: table } of fitted.fitted.lookups) {
    const kept = run.lookups.find(({ stepId }) => table === `lookup_${stepId}`);
    if (!kept) throw new TrainyardError('Bug', `The recipe looks into ${table}, which was not made.`);
    await cloud.putObject(holder, `${recipeFolder}/${file}`, kept.path);
  }
  await cloud.putObject(holder, `${recipeFolder}/golden.parquet`, golden);
  // As files and not as text: what a step learned may be megabytes.
  const recipePath = join(folder, 'recipe.json');
  await writeFile(recipePath, `${JSON.stringify(fitted.fitted, null, 1)}\n`);
  await cloud.putObject(holder, `${recipeFolder}/recipe.json`, recipePath);
  const told = { id: spec.recipeId ?? '', name, version };
  const [before, after] = [run.rowsIn, run.rowsOut].map((rows) => rows.toLocaleString('en-US'));
  await writeEntry(
    dependencies,
    { ...holder, attempt: 0 },
    {
      kind: 'note',
      key: 'prepared',
      text: `The data was prepared by version ${version} of the recipe “${name}”: of ${before} rows ${after} are left.${run.stratified || !goesByClasses(spec.task.kind) || spec.split.groupColumn || spec.split.timeColumn ? '' : ` ${dividedByChance(spec)}`}`,
    },
  );
  await cloud.putText(holder, preparationObject, JSON.stringify(preparationOf(told, run, fitted)));
}

/** What decides, instead of chance, on which side a row comes. */
function keyOf({ split }: JobSpec): Pick<Split, 'key'> {
  if (split.groupColumn) return { key: { by: 'group', column: split.groupColumn } };
  return split.timeColumn ? { key: { by: 'time', column: split.timeColumn } } : {};
}

/** Numbers have no classes that each part could have its share of; of several labels no one goes before the others. */
function goesByClasses(kind: TaskKind): boolean {
  return kind === 'binary' || kind === 'multiclass';
}

function dividedByChance({ task }: JobSpec): string {
  return `“${task.labels[0]}” is made after a step that learns from training rows, so rows were held out by chance and not by its classes.`;
}

/** The least that a trainer takes; said before a machine is made for nothing. */
const FEWEST_ROWS = 5;

function requireBothParts({ folds, rowsOut }: RecipeRun): void {
  const heldOut = folds.find(({ fold }) => fold === -1)?.rows ?? 0;
  if (heldOut > 0 && rowsOut - heldOut >= FEWEST_ROWS) return;
  throw new TrainyardError(
    'BadData',
    `After the recipe ${rowsOut - heldOut} rows are left to learn from and ${heldOut} to judge by: too few.`,
    'Look at the steps that leave rows out, or add rows.',
  );
}

/** As many values are counted as classes can be told apart by. */
const MOST_CLASSES = 10_000;

/** What was asked of data without a recipe when the job was accepted is known of this data only now. */
async function requireTrainable(
  { data }: RecipeWork,
  { task, split }: JobSpec,
  parquet: string,
  name: string,
): Promise<void> {
  const profile = await data.profile({ parquet, columns: task.labels, top: MOST_CLASSES, signal: cancelled() });
  const problems = checkLabelAndSplit({ profile, task, split });
  const [first] = problems;
  if (!first) return;
  const type = first.field.startsWith('task.') ? 'BadLabel' : 'BadSettings';
  throw new TrainyardError(
    type,
    `After the recipe “${name}”: ${problems.map(({ message }) => message).join(' ')}`,
    'Change the recipe, or ask for another training.',
  );
}

/** The columns that the recipe of a job made, once it is staged. */
export async function preparedColumns(cloud: Cloud, holder: Holder): Promise<Column[]> {
  const text = await cloud.getText(holder, preparationObject);
  if (!text) throw new TrainyardError('Bug', 'The data of this job has not been prepared.');
  return (JSON.parse(text) as Preparation).columns;
}

async function recipeVersionOf({ stores }: RecipeWork, { workspaceId, recipeId, recipeVersion }: JobSpec) {
  const [recipe, version] = await Promise.all([
    stores.recipes.get({ workspaceId, deleted: true }, recipeId ?? ''),
    stores.recipes.version(recipeId ?? '', recipeVersion ?? 0),
  ]);
  if (!recipe || !version) throw new TrainyardError('BadSpec', 'The recipe of this job is not there.');
  return { name: recipe.name, version: version.number, steps: JSON.parse(version.steps_json) as Step[] };
}

interface Around {
  spec: JobSpec;
  dataset: DatasetRow;
  steps: Step[];
  others: readonly Other[];
}

async function fittedFrom(run: RecipeRun, { spec, dataset, steps, others }: Around): Promise<TrainingRecipe> {
  const made = await recipeForTraining({
    steps,
    schema: schemaOf(dataset),
    others: new Map(others.map(({ datasetId, ...other }) => [datasetId, other])),
    itself: new Set(others.flatMap(({ datasetId, isSame }) => (isSame ? [datasetId] : []))),
    fits: run.learned,
    isSample: false,
    task: spec.task,
    ignoredColumns: [...spec.ignoredColumns, ...sideColumns(spec)],
    duckdb: engineVersion,
  });
  if (!('problems' in made)) return made;
  const [problem] = made.problems;
  throw new TrainyardError('BadSettings', problem?.message ?? 'Rows cannot be predicted after this recipe.');
}

/** Some rows as they come to the recipe: what it makes of them is kept with the model, to compare with. */
async function goldenRows(
  { data }: RecipeWork,
  {
    fitted: { fitted, walked },
    steps,
    others,
    raw,
    folder,
  }: { fitted: TrainingRecipe; steps: Step[]; others: Other[]; raw: string; folder: string },
): Promise<string> {
  // Before a step that makes other things of rows, they are not what is predicted.
  const last = walked.stages.findLast(({ keepsRows }) => !keepsRows)?.stepId;
  const before = last === undefined ? [] : steps.slice(0, steps.findIndex(({ id }) => id === last) + 1);
  const own = (n: number, kind: string, settings: Step['settings']): Step => ({
    ...{ id: `golden${n}`, kind, settings, on: true, onFailure: 'empty' },
  });
  const columns = fitted.inputColumns.map(({ name }) => name);
  const toParquet = join(folder, 'golden.parquet');
  await data.runRecipe({
    parquet: raw,
    // Nothing but what the model asks for goes into its archive.
    steps: [
      ...before,
      own(1, 'select-columns', { do: 'keep', columns }),
      own(2, 'sample-rows', { by: 'rows', rows: GOLDEN_ROWS }),
    ],
    others,
    toParquet,
    signal: cancelled(),
  });
  return toParquet;
}

function preparationOf(recipe: Preparation['recipe'], run: RecipeRun, { walked, fitted }: TrainingRecipe): Preparation {
  const shapes = new Map(walked.stages.map((stage) => [stage.stepId, stage]));
  return {
    version: 1,
    recipe,
    rowsIn: run.rowsIn,
    rowsOut: run.rowsOut,
    columns: run.schema.map(({ name, type }) => ({ name, type })),
    crossFitted: run.learned.filter(({ folds }) => folds.length > 0).map(({ stepId }) => stepId),
    steps: run.steps.flatMap(({ id, sentence, learnedSentence, rowsIn, rowsOut, leftOut }, n) => {
      const stage = shapes.get(id);
      if (!stage) return [];
      const learnedFromAllRows = fitted.steps.find((step) => step.id === id)?.learnedFromAllRows ?? false;
      const told = { id, place: n + 1, sentence, learned: learnedSentence ?? null, learnedFromAllRows };
      // After a grouping there are fewer rows, but none was left out.
      return [{ ...told, rowsIn, rowsOut, leftOut: stage.keepsRows ? leftOut : 0 }];
    }),
  };
}

/** Outside a worker nobody can cancel it. */
function cancelled(): AbortSignal | undefined {
  try {
    return Context.current().cancellationSignal;
  } catch {
    return undefined;
  }
}
