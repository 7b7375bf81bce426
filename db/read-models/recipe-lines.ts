import type { Knex } from 'knex';
import { reading } from './reading.ts';

/** The recipe that prepared the data of a job, as it was then. */
export interface RecipeOfJob {
  id: string;
  name: string;
  version: number;
  isRemoved: boolean;
  steps: { kind: string; on: boolean; settings: Record<string, never> }[];
}

/** Versions stay, also of a recipe that was removed. Undefined for a job without one. */
export const readRecipeOfJob = reading(
  async (knex: Knex, workspaceId: string, jobId: string): Promise<RecipeOfJob | undefined> => {
    const job = await knex('jobs')
      .select('jobs.spec_json')
      .where({ 'jobs.id': jobId, 'jobs.workspace_id': workspaceId })
      .first();
    if (!job) return undefined;
    const { recipeId, recipeVersion } = JSON.parse(job.spec_json) as {
      recipeId?: string | null;
      recipeVersion?: number | null;
    };
    if (!recipeId || !recipeVersion) return undefined;
    return versionOf(knex, workspaceId, recipeId, recipeVersion);
  },
);

export const readRecipeVersion = reading(
  (knex: Knex, workspaceId: string, recipeId: string, number: number): Promise<RecipeOfJob | undefined> =>
    versionOf(knex, workspaceId, recipeId, number),
);

async function versionOf(
  knex: Knex,
  workspaceId: string,
  recipeId: string,
  number: number,
): Promise<RecipeOfJob | undefined> {
  const row = await knex('recipe_versions')
    .join('recipes', 'recipes.id', 'recipe_versions.recipe_id')
    .select(
      'recipes.id',
      'recipes.name',
      'recipes.deleted_at_ms',
      'recipe_versions.number',
      'recipe_versions.steps_json',
    )
    .where({
      'recipes.workspace_id': workspaceId,
      'recipe_versions.recipe_id': recipeId,
      'recipe_versions.number': number,
    })
    .first();
  if (!row) return undefined;
  return {
    id: row.id,
    name: row.name,
    version: row.number,
    isRemoved: row.deleted_at_ms !== null,
    steps: JSON.parse(row.steps_json),
  };
}
