import type { RecipeOfJob } from '../../../db/read-models/recipe-lines.ts';
import { type StepCard, wordsOf } from './step-card.ts';
import { stepSentence } from './step-sentence.ts';

/** A recipe in sentences, beside what was made with it. */
export interface RecipeCard {
  name: string;
  href: string | null;
  steps: StepCard['words'][];
}

/** Steps that were switched off did nothing, and are left out. */
export function recipeCard(recipe: RecipeOfJob | undefined): RecipeCard | null {
  if (!recipe) return null;
  return {
    name: `${recipe.name}, version ${recipe.version}`,
    href: recipe.isRemoved ? null : `/recipes/${recipe.id}/versions/${recipe.version}`,
    steps: recipe.steps.filter(({ on }) => on).map((step) => wordsOf(stepSentence(step))),
  };
}
