import { columnsRead, namesIn } from './columns-read.ts';
import { type FittedRecipe, inputTable } from './fitted-recipe.ts';
import { type LabelNames, labelNames } from './label-names.ts';
import { quoteName } from './sql-text.ts';
import { chain, mapRows, type Stage } from './stages.ts';
import {
  foldNumber,
  leftOutBy,
  type Mapping,
  type OtherTables,
  reservedPrefix,
  rowNumber,
  type StepProblem,
} from './step-kind.ts';
import { type Column, findColumn, sameName, type TableSchema } from './table-schema.ts';
import { type MappedStep, replayed } from './replayed.ts';
import type { Walked } from './walk.ts';
import { columnList } from './words.ts';

export interface PredictingInput {
  walked: Walked;
  /** The table that the recipe was fitted on. */
  schema: TableSchema;
  others?: OtherTables;
  /** What is to be predicted, by its names in the last table; a row to predict lacks it. */
  labels: readonly string[];
  /** The columns of the last table that the model knows; all but the labels unless told. */
  features?: readonly string[];
  /** The version of the data engine that fitted it. */
  duckdb: string;
}

/** Why rows cannot be predicted after this recipe, though it can be carried out on rows to train with. */
export interface PredictingProblem extends StepProblem {
  stepId?: string;
}

export type Predicting = { fitted: FittedRecipe } | { problems: PredictingProblem[] };

/**
 * Makes of a fitted recipe what a model keeps. It goes from the last step to the first and keeps of each only what the
 * model's columns are made of, so that nothing is asked of a row to predict that does not matter: above all not the label.
 */
export function fitForPredicting(input: PredictingInput): Predicting {
  const unfit = input.walked.steps.flatMap(({ step, problems }) =>
    problems.map((each) => ({ ...each, stepId: step.id })),
  );
  if (unfit.length > 0) return { problems: unfit };
  const features = featuresOf(input);
  const absent = features.filter(({ type }) => type === undefined).map(({ name }) => name);
  if (absent.length > 0 || features.length === 0) return { problems: [noFeatures(absent)] };

  const steps = replayed(input.walked, input.others);
  // Before a step that makes other things of rows, they are not what is predicted.
  const first = steps.findLastIndex(({ keepsRows }) => !keepsRows) + 1;
  const labels = labelNames(steps.slice(first), input.labels);
  const back = goBack(
    steps.slice(first),
    labels,
    features.map(({ name }) => name),
  );
  if ('problem' in back) return { problems: [back.problem] };

  const before = steps[first]?.before ?? input.walked.schema;
  const inputColumns = before.filter(({ name }) => back.needed.some((each) => sameName(each, name)));
  return {
    fitted: {
      version: 1,
      duckdb: input.duckdb,
      inputColumns: inputColumns.map(plain),
      applySql: applySql(back.stages, inputColumns, features),
      outputColumns: features.map(plain) as FittedRecipe['outputColumns'],
      lookups: back.stages.flatMap(({ lookup }) =>
        lookup
          ? [
              {
                name: lookup.name,
                file: `${lookup.name}.parquet`,
                datasetId: lookup.datasetId,
                columns: lookup.columns,
              },
            ]
          : [],
      ),
      steps: describe(input.walked, steps, first, back),
    },
  };
}

function featuresOf({
  walked,
  labels,
  features,
}: PredictingInput): (Pick<Column, 'name'> & { type?: Column['type'] })[] {
  if (features) return features.map((name) => findColumn(walked.schema, name) ?? { name });
  return walked.schema.filter(({ name }) => !labels.some((label) => sameName(label, name)));
}

const plain = ({ name, type }: { name: string; type?: Column['type'] }) => ({ name, type: type ?? 'VARCHAR' });

function noFeatures(absent: readonly string[]): PredictingProblem {
  return absent.length > 0
    ? {
        message: `There is no column ${columnList(absent)} after the last step.`,
        instead: 'Take it out of the columns to learn from, or keep it in the recipe.',
      }
    : {
        message: 'Besides the label, no column is left to learn from.',
        instead: 'Keep more columns in the recipe, or choose another label.',
      };
}

interface Back {
  /** Names of columns that a row has to bring. */
  needed: string[];
  stages: Stage[];
  /** Why a step is not gone through, by its id. */
  passedOver: Map<string, string>;
}

function goBack(
  steps: readonly MappedStep[],
  labels: LabelNames,
  features: readonly string[],
): Back | { problem: PredictingProblem } {
  let needed = [...features];
  const stages: Stage[] = [];
  const passedOver = new Map<string, string>();
  for (const [n, step] of Array.from(steps.entries()).toReversed()) {
    const { mapping } = step;
    if (!mapping) {
      const made = needed.find((name) => !findColumn(step.before, name));
      if (made !== undefined) return { problem: onlyInTraining(step, made) };
      passedOver.set(step.id, 'It shapes the training data only: a row to predict stands by itself.');
      continue;
    }
    const gone = labels.before[n] ?? [];
    const columns = mapping.columns.filter(({ name }) => needed.some((each) => sameName(each, name)));
    for (const { name, sql } of columns) {
      const label = firstRead(sqlOf(sql, mapping), step.before, gone);
      if (label !== undefined) return { problem: ofTheLabel(step, name, label) };
    }
    const conditions = conditionsWithout(step, gone);
    if ('label' in conditions) return { problem: rowsByTheLabel(step, conditions.label) };
    const isIdle = columns.every(({ name, sql }) => sql === quoteName(name));
    const reads = [...columns.map(({ sql }) => sql), ...Object.values(conditions)].map((sql) => sqlOf(sql, mapping));
    if (isIdle && Object.keys(conditions).length === 0) {
      passedOver.set(step.id, 'Nothing that the model knows is made by it.');
    } else {
      const looks = reads.some((sql) => isLooked(sql));
      const kept: Mapping = { columns, ...conditions, ...(looks && mapping.from ? { from: mapping.from } : {}) };
      const stage = mapRows(step.step, { at: () => kept, folds: 0 });
      stages.unshift(looks && step.lookup ? { ...stage, lookup: step.lookup } : stage);
    }
    needed = [...new Set(reads.flatMap((sql) => columnsRead(sql, step.before).map(({ name }) => name)))];
  }
  return { needed, stages, passedOver };
}

/** Columns beside the row, which were looked up for it, have reserved names. */
const isLooked = (sql: string): boolean => namesIn(sql).some((name) => name.startsWith(reservedPrefix));

/** With what is looked up, where it is. */
function sqlOf(sql: string, { from }: Mapping): string {
  return from && isLooked(sql) ? `${sql} ${from('before')}` : sql;
}

function firstRead(sql: string, schema: TableSchema, names: readonly string[]): string | undefined {
  return columnsRead(sql, schema).find(({ name }) => names.some((each) => sameName(each, name)))?.name;
}

type Conditions = Pick<Mapping, 'fails' | 'leaves' | 'failsBefore'>;

/** Which rows a step leaves out, when they lack the label. */
function conditionsWithout(step: MappedStep, gone: readonly string[]): Conditions | { label: string } {
  const own = conditionsOf(step, step.mapping);
  if (labelIn(own, step, gone) === undefined) return own;
  const rest = step.without(gone);
  const left = rest === null ? {} : conditionsOf(step, rest);
  const label = labelIn(left, step, gone);
  return label === undefined ? left : { label };
}

function conditionsOf({ step }: MappedStep, mapping: Mapping | null): Conditions {
  const { leaves, fails, failsBefore } = mapping ?? {};
  const isOut = fails !== undefined && step.onFailure !== 'empty';
  return {
    ...(leaves === undefined ? {} : { leaves }),
    ...(isOut ? { fails, ...(failsBefore === undefined ? {} : { failsBefore }) } : {}),
  };
}

function labelIn(conditions: Conditions, step: MappedStep, gone: readonly string[]): string | undefined {
  const { mapping } = step;
  if (!mapping) return undefined;
  return firstRead(
    Object.values(conditions)
      .map((sql) => sqlOf(sql, mapping))
      .join(' '),
    step.before,
    gone,
  );
}

function ofTheLabel({ id, place, sentence }: MappedStep, made: string, label: string): PredictingProblem {
  return {
    stepId: id,
    column: label,
    message: `Step ${place} (${sentence}) makes “${made}” of “${label}”, which is to be predicted: a row to predict does not have it.`,
    instead: `Take “${made}” out of the columns to learn from, or make it without “${label}”.`,
  };
}

function rowsByTheLabel({ id, place, sentence }: MappedStep, label: string): PredictingProblem {
  return {
    stepId: id,
    column: label,
    message: `Step ${place} (${sentence}) decides by “${label}” together with other columns which rows stay; “${label}” is to be predicted, and a row to predict does not have it.`,
    instead: `Make two steps of it, one of which is about “${label}” alone, or leave “${label}” out.`,
  };
}

function onlyInTraining({ id, place, sentence }: MappedStep, made: string): PredictingProblem {
  return {
    stepId: id,
    column: made,
    message: `The column “${made}” is made by step ${place} (${sentence}), which needs other rows: a row to predict stands by itself.`,
    instead: `Take “${made}” out of the columns to learn from, or make it with a step that needs its own row only.`,
  };
}

function applySql(stages: readonly Stage[], inputColumns: TableSchema, features: readonly { name: string }[]): string {
  const own = inputColumns.map(({ name }) => `, ${quoteName(name)}`).join('');
  const source = `(SELECT ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(-1 AS BIGINT) AS ${foldNumber}${own} FROM ${inputTable})`;
  const names = features.map(({ name }) => quoteName(name)).join(', ');
  return chain(
    stages,
    source,
    (last) => `SELECT ${rowNumber}, ${leftOutBy}, ${names} FROM ${last} ORDER BY ${rowNumber}`,
  );
}

function describe(walked: Walked, steps: readonly MappedStep[], first: number, back: Back): FittedRecipe['steps'] {
  return walked.steps.map(({ step, sentence, learnedSentence, learnedFromAllRows }, n) => {
    const stage = back.stages.find(({ stepId }) => stepId === step.id);
    const isEarlier = steps.findIndex(({ id }) => id === step.id) < first;
    const why = !step.on
      ? 'It is switched off.'
      : isEarlier
        ? 'What is predicted are rows as they are after a later step, which groups them.'
        : back.passedOver.get(step.id);
    const can = stage?.fails === undefined ? 'leaves out such a row' : 'cannot treat such a row, or leaves it out';
    return {
      id: step.id,
      place: n + 1,
      sentence,
      ...(learnedSentence ? { learned: learnedSentence } : {}),
      applied: stage !== undefined,
      ...(stage || why === undefined ? {} : { why }),
      ...(stage?.leaves ? { leavesOut: `step ${n + 1} ${can}: ${sentence}` } : {}),
      learnedFromAllRows: learnedFromAllRows ?? false,
    };
  });
}
