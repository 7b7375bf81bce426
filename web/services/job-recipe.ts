import type { OtherDataset, RecipePreview } from '../../data/recipe/recipe-calls.ts';
import { datasetsLookedInto } from '../../db/looked-into.ts';
import type { DatasetRow, RecipeVersionRow } from '../../db/tables.ts';
import { datasetFiles } from '../../domain/dataset-files.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { type JobRequest, sideColumns } from '../../domain/job-spec.ts';
import { stepProblems } from '../../domain/recipe/for-training.ts';
import { type Step, stepsSchema } from '../../domain/recipe/recipe.ts';
import { otherDataset } from './dataset-tables.ts';
import { withLocalCopy } from './local-copy.ts';
import type { TableSchema } from '../../domain/recipe/table-schema.ts';
import type { ServiceOptions } from './options.ts';
import type { Who } from './services.ts';
import type { FieldProblem } from './views.ts';

type Options = Pick<ServiceOptions, 'stores' | 'store' | 'data' | 'tempFolder'>;
type Asked = Pick<JobRequest, 'recipeId' | 'recipeVersion' | 'task' | 'ignoredColumns' | 'split' | 'weightColumn'>;

/** Somebody waits for the check of a job while steps learn from the whole file. */
const WHOLE_FILE_MS = 120_000;

export interface FittingRecipe {
  version: number;
  /** Every row comes through it with the label that it came with, so that the data's own counts hold. */
  keepsLabels: boolean;
  /** Those that it leaves at the end. */
  columns: TableSchema;
  warnings: string[];
}

export type CheckedRecipe = FittingRecipe | { problems: FieldProblem[] };

/**
 * Whether a recipe can prepare this dataset for this task, by what its steps make of the first rows: that it finds its
 * columns, leaves the label and something to learn from, and asks nothing of rows to predict that they do not have.
 */
export async function checkJobRecipe(
  options: Options,
  who: Who,
  request: Asked,
  dataset: DatasetRow,
): Promise<CheckedRecipe> {
  const found = await versionOf(options, who, request);
  if ('problems' in found) return found;
  const steps = stepsSchema.parse(JSON.parse(found.version.steps_json));
  const others = await datasetsLookedInto(options.stores, who.workspaceId, steps);
  if (!others) {
    const message = 'A dataset that the recipe looks things up in is not there; it may have been removed.';
    return { problems: [{ field: 'recipeId', message }] };
  }
  const tried = await tryOut(options, { request, dataset, steps, others });
  if ('problems' in tried) return tried;
  const broken = stepProblems(tried.steps);
  const problems = broken.length > 0 ? broken : (tried.training?.problems ?? []);
  if (problems.length > 0) return { problems };
  const { keepsLabels = false, warnings = [] } = tried.training ?? {};
  return { version: found.version.number, keepsLabels, columns: tried.after, warnings };
}

/** The recipe itself may have been removed: its versions stay, for what was made with them. */
async function versionOf(
  { stores }: Options,
  { workspaceId }: Who,
  { recipeId, recipeVersion }: Asked,
): Promise<{ version: RecipeVersionRow } | { problems: FieldProblem[] }> {
  const wrong = (field: string, message: string) => ({ problems: [{ field, message }] });
  const recipe = await stores.recipes.get({ workspaceId, deleted: recipeVersion !== null }, recipeId ?? '');
  if (!recipe) return wrong('recipeId', 'There is no such recipe; it may have been removed.');
  if (recipe.latest_version === 0) {
    return wrong('recipeId', `The recipe “${recipe.name}” has no version yet. Save one first.`);
  }
  const number = recipeVersion ?? recipe.latest_version;
  const version = await stores.recipes.version(recipe.id, number);
  if (version) return { version };
  const message = `The recipe “${recipe.name}” has no version ${number}; its latest one is ${recipe.latest_version}.`;
  return wrong('recipeVersion', message);
}

interface TryOut {
  request: Asked;
  dataset: DatasetRow;
  steps: Step[];
  others: readonly DatasetRow[];
}

async function tryOut(
  options: Options,
  { request, dataset, steps, others: rows }: TryOut,
): Promise<RecipePreview | { problems: FieldProblem[] }> {
  const { task, ignoredColumns } = request;
  const training = { task, ignoredColumns: [...ignoredColumns, ...sideColumns(request)] };
  const withOthers = async (
    parquet: string,
    left: readonly DatasetRow[],
    others: OtherDataset[],
  ): Promise<RecipePreview> => {
    const [next, ...rest] = left;
    if (!next) {
      const ask = { parquet, steps, others, rows: 'first' as const, limit: 1, training };
      const seen = await options.data.recipePreview(ask);
      // Which columns there are is learned from the whole file, where the first rows do not show those that steps name
      // or that are to be predicted.
      const isSeen = seen.steps.every(({ notInSample }) => notInSample === undefined);
      if (isSeen && !seen.training?.notInSample) return seen;
      return options.data.recipePreview({ ...ask, exact: true, timeoutMs: WHOLE_FILE_MS });
    }
    return withLocalCopy(options, datasetFiles(next).parquet, (path) =>
      withOthers(parquet, rest, [...others, otherDataset(dataset, next, path)]),
    );
  };
  try {
    return await withLocalCopy(options, datasetFiles(dataset).parquet, (parquet) => withOthers(parquet, rows, []));
  } catch (error) {
    if (!(error instanceof TrainyardError) || error.type === 'Bug') throw error;
    return { problems: [{ field: 'recipeId', message: `The recipe cannot be tried on this data: ${error.message}` }] };
  }
}
