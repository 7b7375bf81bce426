import type { DatasetLine } from '../../../db/read-models/data-pages.ts';
import type { PreparationView, RecipeSummary } from '../../services/recipe-views.ts';
import type { Chip } from '../chip.ts';
import type { Clock, Moment } from '../clock.ts';
import { formatCount, formatMany } from '../plain-words.ts';
import { preparationChip } from './preparation-page.ts';

export interface RecipesPage {
  rows: { href: string; name: string; data: string; steps: string; version: string; changed: Moment }[];
  runs: { href: string; name: string; recipe: string; chip: Chip; isNew: boolean; rows: string; when: Moment }[];
}

export function recipesPage(
  facts: {
    recipes: readonly RecipeSummary[];
    preparations: readonly PreparationView[];
    datasets: readonly Pick<DatasetLine, 'id' | 'name'>[];
  },
  clock: Clock,
): RecipesPage {
  const dataNames = new Map(facts.datasets.map(({ id, name }) => [id, name]));
  const recipeNames = new Map(facts.recipes.map(({ id, name }) => [id, name]));
  return {
    rows: facts.recipes.map((recipe) => ({
      href: `/recipes/${recipe.id}`,
      name: recipe.name,
      data: dataNames.get(recipe.datasetId) ?? 'removed data',
      steps: formatCount(recipe.stepCount),
      version: recipe.latestVersion === 0 ? 'draft only' : `version ${recipe.latestVersion}`,
      changed: clock.moment(recipe.changedAtMs),
    })),
    runs: facts.preparations.map((run) => ({
      href: `/preparations/${run.id}`,
      name: run.name,
      recipe: `${recipeNames.get(run.recipeId) ?? 'a removed recipe'}, version ${run.recipeVersion}`,
      chip: preparationChip(run),
      isNew: run.phase === 'done' && run.seenAtMs === null,
      rows: formatMany(run.rowsDone, 'row'),
      when: clock.moment(run.doneAtMs ?? run.acceptedAtMs),
    })),
  };
}
