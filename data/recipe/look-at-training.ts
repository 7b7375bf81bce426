import { recipeForTraining } from '../../domain/recipe/for-training.ts';
import { replayed } from '../../domain/recipe/replayed.ts';
import { sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { OtherTables } from '../../domain/recipe/step-kind.ts';
import { isSameColumns, type Walked } from '../../domain/recipe/walk.ts';
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
  const itself = new Set(given.flatMap(({ datasetId, isSame }) => (isSame ? [datasetId] : [])));
  const around = { steps, schema, others, itself, fits, isSample, duckdb: engineVersion };
  const made = await recipeForTraining({ ...around, ...training });
  const { labels } = training.task;
  if ('problems' in made) {
    const notInSample = isSample && mayHaveMoreColumns(walked) && !labels.every((name) => has(walked.schema, name));
    return { problems: made.problems, notInSample, keepsLabels: false, warnings: [] };
  }
  const mapped = replayed(walked, others);
  const warnings = await copiesOfLabel(session, relation, { steps: mapped, stages: walked.stages, labels });
  return { problems: [], notInSample: false, keepsLabels: labels.every((label) => keeps(walked, label)), warnings };
}

/** A step learned which columns there are: from more rows it may learn of more. */
function mayHaveMoreColumns({ steps }: Walked): boolean {
  return steps.some(({ learned, before, after }) => learned !== undefined && !isSameColumns(before, after));
}

function has(schema: TableSchema, name: string): boolean {
  return schema.some((column) => column.name === name);
}

/** Only what is sure: a step that needs the whole table may leave rows out, or make others of them. */
function keeps({ stages }: Walked, label: string): boolean {
  return stages.every(
    ({ isRowwise, leaves, changes }) => isRowwise && !leaves && !changes.some((name) => sameName(name, label)),
  );
}
