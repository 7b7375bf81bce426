import type { RecipeSummary } from '../web/services/recipe-views.ts';
import type { ApiClient } from './client.ts';
import { Usage } from './exit-codes.ts';
import { table } from './show.ts';

/** As a job asks for it; without a version, the latest. */
export interface RecipeAt {
  recipeId: string;
  recipeVersion?: number;
}

/** `ID`, `NAME`, `NAME@3`. */
export async function recipeAt(client: ApiClient, given: string): Promise<RecipeAt> {
  const [, name = given, version] = /^(.+)@([1-9]\d*)$/.exec(given) ?? [];
  const recipeId = await recipeIdOf(client, name);
  return { recipeId, ...(version === undefined ? {} : { recipeVersion: Number(version) }) };
}

export async function recipeIdOf(client: ApiClient, given: string): Promise<string> {
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(given)) return given.toLowerCase();
  const page = await client.get<{ items: RecipeSummary[]; total: number }>('/api/v1/recipes', {
    search: given,
    limit: 50,
  });
  // Whoever writes a whole name does not mean those that have it in theirs.
  const named = page.items.filter(({ name }) => name === given);
  const [only] = named.length > 0 ? named : page.items;
  if (only && (named.length === 1 || page.total === 1)) return only.id;
  if (page.total === 0) throw new Usage(`No recipe is called “${given}”.`);
  if (named.length > 1) throw new Usage(`${named.length} recipes are called “${given}”:\n${recipesTable(named)}`);
  throw new Usage(`${page.total} recipes fit “${given}”:\n${recipesTable(page.items.slice(0, 5))}`);
}

export function recipesTable(recipes: readonly RecipeSummary[]): string {
  if (recipes.length === 0) return 'No recipes yet.';
  const rows = recipes.map((recipe) => [
    recipe.id,
    recipe.name,
    String(recipe.stepCount),
    recipe.latestVersion === 0 ? '–' : String(recipe.latestVersion),
    new Date(recipe.changedAtMs).toISOString().replace('T', ' ').slice(0, 16),
  ]);
  return table(['ID', 'NAME', 'STEPS', 'VERSION', 'CHANGED (UTC)'], rows);
}
