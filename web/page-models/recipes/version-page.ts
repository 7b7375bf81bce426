import type { RecipeDetail, RecipeVersion } from '../../services/recipe-views.ts';
import type { Clock, Moment } from '../clock.ts';
import { type StepCard, wordsOf } from './step-card.ts';
import { stepSentence } from './step-sentence.ts';

export interface RecipeVersionPage {
  title: string;
  recipe: { href: string; name: string };
  number: number;
  when: Moment;
  owner: string;
  steps: { words: StepCard['words']; isOn: boolean }[];
  action: string;
  position: number;
  yamlHref: string;
}

export function recipeVersionPage(recipe: RecipeDetail, version: RecipeVersion, clock: Clock): RecipeVersionPage {
  const href = `/recipes/${recipe.id}`;
  return {
    title: `${recipe.name}, version ${version.number}`,
    recipe: { href, name: recipe.name },
    number: version.number,
    when: clock.moment(version.atMs),
    owner: version.owner,
    steps: version.steps.map((step) => ({ words: wordsOf(stepSentence(step)), isOn: step.on })),
    action: `${href}/versions/${version.number}/restore`,
    position: recipe.position,
    yamlHref: `${href}/recipe.yaml?version=${version.number}`,
  };
}
