import type { TrainingProblem } from '../check-training.ts';
import { few } from '../few.ts';
import type { TaskKind } from '../task.ts';
import type { FittedRecipe } from './fitted-recipe.ts';
import { fromKnown, type KnownStepFit } from './known-fits.ts';
import { labelBroughtBack } from './label-looked-up.ts';
import { fitForPredicting } from './predicting.ts';
import type { Step } from './recipe.ts';
import { replayed } from './replayed.ts';
import type { OtherTables, StepProblem } from './step-kind.ts';
import { type Column, isNumeric, type TableSchema } from './table-schema.ts';
import { type Walked, walk } from './walk.ts';
import { columnList, typeInWords } from './words.ts';

export interface TrainingRecipeInput {
  steps: readonly Step[];
  /** Of the dataset. */
  schema: TableSchema;
  others: OtherTables;
  /** Which of the datasets to look into are the data that it begins with, or another version of them. */
  itself: ReadonlySet<string>;
  fits: readonly KnownStepFit[];
  /** They were learned from some rows only: there may be more columns in the end. */
  isSample: boolean;
  task: { kind: TaskKind; labels: readonly string[] };
  ignoredColumns: readonly string[];
  duckdb: string;
}

export interface TrainingRecipe {
  walked: Walked;
  /** The columns to learn from. */
  features: Column[];
  /** What the model will keep. */
  fitted: FittedRecipe;
}

/** A recipe as a training needs it: the label among its columns at the end, and nothing that cannot be predicted with. */
export async function recipeForTraining(
  input: TrainingRecipeInput,
): Promise<TrainingRecipe | { problems: TrainingProblem[] }> {
  const { steps, schema, others, task, ignoredColumns } = input;
  const walked = await walk({ steps, schema, others, learn: fromKnown(input.fits) });
  const broken = stepProblems(walked.steps);
  if (broken.length > 0) return { problems: broken };
  const problems = columnProblems(walked.schema, input);
  if (problems.length > 0) return { problems };
  const broughtBack = backProblems(walked, input);
  if (broughtBack.length > 0) return { problems: broughtBack };
  const features = walked.schema.filter(({ name }) => !task.labels.includes(name) && !ignoredColumns.includes(name));
  const made = fitForPredicting({
    walked,
    schema,
    others,
    labels: task.labels,
    features: features.map(({ name }) => name),
    duckdb: input.duckdb,
  });
  if ('problems' in made) {
    return { problems: made.problems.map(({ message, instead }) => inRecipe(`${message} ${instead}`)) };
  }
  return { walked, features: features.map(({ name, type }) => ({ name, type })), fitted: made.fitted };
}

function backProblems(walked: Walked, { others, task, itself }: TrainingRecipeInput): TrainingProblem[] {
  const back = labelBroughtBack(replayed(walked, others), task.labels, (id) => itself.has(id));
  if (!back) return [];
  const { place, sentence, from, name } = back;
  return [
    inRecipe(
      `Step ${place} (${sentence}) brings “${from}” back from the same data, as “${name}”: it says what is to be predicted. Take other columns in that step.`,
    ),
  ];
}

/** Of steps that cannot be carried out at all. */
export function stepProblems(steps: readonly { sentence: string; problems: StepProblem[] }[]): TrainingProblem[] {
  return steps.flatMap(({ sentence, problems }, n) =>
    problems.map((each) => inRecipe(`Step ${n + 1} (${sentence}): ${each.message} ${each.instead}`)),
  );
}

function columnProblems(schema: TableSchema, { task, ignoredColumns, isSample }: TrainingRecipeInput) {
  const problems: TrainingProblem[] = [];
  const there = new Map(schema.map((column) => [column.name, column]));
  for (const name of task.labels) {
    const label = there.get(name);
    if (!label) {
      const some = few(schema.map((column) => `“${column.name}”`));
      const message = `After the recipe there is no column “${name}” to predict. There is ${some}.`;
      problems.push({ field: 'task.labels', message });
    } else if (task.kind === 'regression' && !isNumeric(label)) {
      const message = `After the recipe “${name}” is ${typeInWords(label)}, but predicting a number needs a column of numbers. Choose classes, or another column.`;
      problems.push({ field: 'task.kind', message });
    }
  }
  const unknown = ignoredColumns.filter((name) => !there.has(name));
  if (unknown.length > 0 && !isSample) {
    const message = `After the recipe there is no column ${columnList(unknown)} to ignore.`;
    problems.push({ field: 'ignoredColumns', message });
  }
  const both = task.labels.find((name) => ignoredColumns.includes(name));
  if (both !== undefined) {
    problems.push({ field: 'ignoredColumns', message: `“${both}” is to be predicted and cannot be ignored.` });
  }
  if (schema.every(({ name }) => task.labels.includes(name) || ignoredColumns.includes(name))) {
    const message = 'After the recipe no column is left to learn from. Ignore fewer columns, or keep more.';
    problems.push({ field: 'ignoredColumns', message });
  }
  return problems;
}

function inRecipe(message: string): TrainingProblem {
  return { field: 'recipeId', message };
}
