import type { Trx } from '../db/database.ts';
import { lookedInto } from '../db/looked-into.ts';
import type { Stores } from '../db/open-stores.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { Step } from '../domain/recipe/recipe.ts';

type Asked = Pick<JobSpec, 'workspaceId' | 'datasetId' | 'recipeId' | 'recipeVersion' | 'continuesJobId'>;

/**
 * What a job needs and somebody has just removed; what is there is held until the end of `trx`, in which the job is
 * accepted. Asked by everybody who accepts one: the web, and a sweep that begins a trial.
 */
export async function goneMeanwhile(
  { datasets, recipes, models }: Pick<Stores, 'datasets' | 'recipes' | 'models'>,
  { workspaceId, datasetId, recipeId, recipeVersion, continuesJobId }: Asked,
  trx: Trx,
): Promise<{ field: string; message: string } | undefined> {
  const dataset = await datasets.hold(workspaceId, datasetId, trx);
  if (!dataset) return { field: 'datasetId', message: 'This dataset has just been removed.' };
  const recipe = recipeId === null ? undefined : await recipes.version(recipeId, recipeVersion ?? 0, trx);
  const steps = recipe ? (JSON.parse(recipe.steps_json) as Step[]) : [];
  for (const id of lookedInto(steps)) {
    if (await datasets.hold(workspaceId, id, trx)) continue;
    return { field: 'recipeId', message: 'A dataset that the recipe looks things up in has just been removed.' };
  }
  if (continuesJobId === null) return undefined;
  const model = await models.holdOfJob(continuesJobId, trx);
  if (model && model.deleted_at_ms === null) return undefined;
  return { field: 'continuesJobId', message: 'The model to continue from has just been removed.' };
}
