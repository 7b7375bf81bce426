import type { DatasetLine } from '../../../db/read-models/data-pages.ts';
import type { RecipeDetail, RecipeFit } from '../../services/recipe-views.ts';
import type { Clock } from '../clock.ts';
import type { Option } from '../new-job-page.ts';
import { datasetOptions } from './new-recipe-page.ts';
import { type StepCard, wordsOf } from './step-card.ts';

export interface TryRecipePage {
  recipe: { href: string; name: string };
  datasets: Option[];
  chosen: string;
  /** What it was made on was removed. */
  isWithoutData: boolean;
  fit: {
    fits: boolean;
    sentence: string;
    steps: { place: number; words: StepCard['words']; problems: string[] }[];
  } | null;
}

/** What of a recipe does not fit other data, step by step. */
export function tryRecipePage(
  recipe: RecipeDetail,
  lines: readonly DatasetLine[],
  input: { chosen: string; fit: RecipeFit | null; isWithoutData: boolean; clock: Clock },
): TryRecipePage {
  const { fit } = input;
  return {
    recipe: { href: `/recipes/${recipe.id}`, name: recipe.name },
    datasets: datasetOptions(
      lines.filter(({ id }) => id !== recipe.datasetId),
      input.chosen,
      input.clock,
    ),
    chosen: input.chosen,
    isWithoutData: input.isWithoutData,
    fit: fit && {
      fits: fit.fits,
      sentence: fit.sentence,
      steps: fit.steps.map((step) => ({
        place: step.place,
        words: wordsOf(step.sentence),
        problems: step.problems.map(({ message, instead }) => `${message} ${instead}`),
      })),
    },
  };
}
