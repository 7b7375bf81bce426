import { recipeForTraining } from '../../domain/recipe/for-training.ts';
import { sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { OtherTables } from '../../domain/recipe/step-kind.ts';
import type { Walked } from '../../domain/recipe/walk.ts';
import { engineVersion } from '../engine-version.ts';
import type { KnownFit, RecipePreviewInput, TrainingLook } from './recipe-calls.ts';

interface Tried {
  schema: TableSchema;
  others: OtherTables;
  walked: Walked;
  fits: readonly KnownFit[];
  isSample: boolean;
}

/**
 * Whether a training can use what the recipe makes. It is found out here, where the data engine is, and not where it is
 * asked: making the SQL of a long recipe would keep everybody else's pages waiting.
 */
export async function lookAtTraining(
  { steps, training }: Pick<RecipePreviewInput, 'steps' | 'training'>,
  { schema, others, walked, fits, isSample }: Tried,
): Promise<TrainingLook | undefined> {
  if (!training) return undefined;
  const around = { steps, schema, others, fits, isSample, duckdb: engineVersion };
  const made = await recipeForTraining({ ...around, ...training });
  if ('problems' in made) return { problems: made.problems, keepsLabels: false };
  return { problems: [], keepsLabels: training.task.labels.every((label) => keeps(walked, label)) };
}

/** Only what is sure: a step that needs the whole table may leave rows out, or make others of them. */
function keeps({ stages }: Walked, label: string): boolean {
  return stages.every(
    ({ isRowwise, leaves, changes }) => isRowwise && !leaves && !changes.some((name) => sameName(name, label)),
  );
}
