import { recipeForTraining } from '../../domain/recipe/for-training.ts';
import { labelBroughtBack } from '../../domain/recipe/label-looked-up.ts';
import { replayed } from '../../domain/recipe/replayed.ts';
import { sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { OtherTables } from '../../domain/recipe/step-kind.ts';
import type { Walked } from '../../domain/recipe/walk.ts';
import { engineVersion } from '../engine-version.ts';
import type { Session } from '../session.ts';
import { copiesOfLabel } from './copies-of-label.ts';
import type { KnownFit, RecipePreviewInput, TrainingLook } from './recipe-calls.ts';

interface Tried {
  relation: string;
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
  session: Session,
  { steps, training, others: given = [] }: Pick<RecipePreviewInput, 'steps' | 'training' | 'others'>,
  { relation, schema, others, walked, fits, isSample }: Tried,
): Promise<TrainingLook | undefined> {
  if (!training) return undefined;
  const around = { steps, schema, others, fits, isSample, duckdb: engineVersion };
  const made = await recipeForTraining({ ...around, ...training });
  if ('problems' in made) return { problems: made.problems, keepsLabels: false, warnings: [] };
  const { labels } = training.task;
  const mapped = replayed(walked, others);
  const isItself = (id: string) => given.some(({ datasetId, isSame }) => datasetId === id && isSame === true);
  const back = labelBroughtBack(mapped, labels, isItself);
  if (back) {
    const message = `Step ${back.place} (${back.sentence}) brings “${back.from}” back from the same data, as “${back.name}”: it says what is to be predicted. Take other columns in that step.`;
    return { problems: [{ field: 'recipeId', message }], keepsLabels: false, warnings: [] };
  }
  const warnings = await copiesOfLabel(session, relation, { steps: mapped, stages: walked.stages, labels });
  return { problems: [], keepsLabels: labels.every((label) => keeps(walked, label)), warnings };
}

/** Only what is sure: a step that needs the whole table may leave rows out, or make others of them. */
function keeps({ stages }: Walked, label: string): boolean {
  return stages.every(
    ({ isRowwise, leaves, changes }) => isRowwise && !leaves && !changes.some((name) => sameName(name, label)),
  );
}
