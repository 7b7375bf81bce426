import type { ColumnProfile, DatasetProfile } from './dataset.ts';
import { isComplete, isNumber } from './column-facts.ts';
import { few } from './few.ts';
import { type JobSpec, sideColumns } from './job-spec.ts';
import { fewestLabels, type Task } from './task.ts';

export interface TrainingProblem {
  /** Dotted, as in the job's schema: where a form shows it. */
  field: string;
  message: string;
}

type LabelTask = Pick<Task, 'kind' | 'labels' | 'positiveClass'>;

/** What stands against predicting this label, as sentences. Empty when nothing does that the profile can tell. */
export function checkLabel(profile: DatasetProfile, task: LabelTask): string[] {
  return labelProblems(profile, task).map(({ message }) => message);
}

/**
 * What can be known before a machine is made. The profile counts the values of a column only as far as it lists them;
 * a rare class beyond the twenty most frequent values, and what a split at random does to it, is found by the trainer.
 */
export function checkTraining(job: {
  profile: DatasetProfile;
  task: LabelTask;
  split: JobSpec['split'];
  ignoredColumns: readonly string[];
  weightColumn?: string | null;
}): TrainingProblem[] {
  const { profile, task, split, ignoredColumns, weightColumn = null } = job;
  // What is wrong with these themselves is said of them.
  const side = sideColumns({ split, weightColumn }).filter(
    (name) => !task.labels.includes(name) && profile.columns.some((column) => column.name === name),
  );
  return [
    ...labelProblems(profile, task),
    ...columnProblems(profile, task, [...ignoredColumns, ...side]),
    ...sideProblems(profile, task, { split, weightColumn }),
    ...splitProblems(profile, task, split),
  ];
}

/** The same of the label and the split alone: what is asked of data that a recipe prepared, whose steps answer for the rest. */
export function checkLabelAndSplit(job: {
  profile: DatasetProfile;
  task: LabelTask;
  split: JobSpec['split'];
}): TrainingProblem[] {
  return [...labelProblems(job.profile, job.task), ...splitProblems(job.profile, job.task, job.split)];
}

/** What a person should know before, though nothing stands against it. */
export function trainingNotes(profile: DatasetProfile, task: Pick<Task, 'labels'>): string[] {
  return profile.columns
    .filter(({ name, missing }) => task.labels.includes(name) && missing > 0 && missing < profile.rows)
    .map(({ name, missing }) => {
      const left = missing === 1 ? '1 row has' : `${count(missing)} rows have`;
      return `${left} no value in “${name}” and ${missing === 1 ? 'is' : 'are'} left out.`;
    });
}

/** Columns that say which row it is, and nothing about it: a model would learn its rows by heart. */
export function likeIdentifiers(profile: DatasetProfile): string[] {
  const isLike = (column: ColumnProfile) =>
    (column.type === 'text' || column.type === 'whole number') &&
    column.distinct >= fewestForIdentifier &&
    column.distinct === profile.rows - column.missing;
  return profile.columns.filter(isLike).map(({ name }) => name);
}

/** Among fewer rows all values are different by chance. */
const fewestForIdentifier = 20;

/** As the trainer has it: see trainer/inputs.py. */
const fewestRows = 5;

function labelOf(profile: DatasetProfile, task: Pick<Task, 'labels'>): ColumnProfile | undefined {
  return profile.columns.find((column) => column.name === task.labels[0]);
}

function labelProblems(profile: DatasetProfile, task: LabelTask): TrainingProblem[] {
  return task.kind === 'multilabel' ? eachLabelProblems(profile, task) : oneLabelProblems(profile, task);
}

/** Of several labels each is yes or no, as if it were predicted alone. */
function eachLabelProblems(profile: DatasetProfile, { labels }: LabelTask): TrainingProblem[] {
  if (labels.length < fewestLabels) {
    return [{ field: 'task.labels', message: 'Choose at least two columns, each of them yes or no.' }];
  }
  const found = labels.flatMap((name) => {
    const label = profile.columns.find((column) => column.name === name);
    if (label && label.distinct > 2) {
      return [
        `“${name}” has ${count(label.distinct)} different values, not two; of several labels each is yes or no. Leave it out, or predict it alone.`,
      ];
    }
    return oneLabelProblems(profile, { kind: 'binary', labels: [name], positiveClass: null }).map(
      ({ message }) => message,
    );
  });
  return found.map((message) => ({ field: 'task.labels', message }));
}

function oneLabelProblems(profile: DatasetProfile, task: LabelTask): TrainingProblem[] {
  const [name, ...others] = task.labels;
  if (name === undefined) return [{ field: 'task.labels', message: 'Choose the column to predict.' }];
  if (others.length > 0) {
    return [{ field: 'task.labels', message: `Choose one column to predict; ${task.labels.length} are chosen.` }];
  }
  const label = labelOf(profile, task);
  if (!label) {
    const message = `The data has no column “${name}”. It has ${few(profile.columns.map((column) => `“${column.name}”`))}.`;
    return [{ field: 'task.labels', message }];
  }
  const problem = valuesProblem(profile.rows, label);
  if (problem) return [{ field: 'task.labels', message: problem }];
  return task.kind === 'regression' ? numberProblems(label) : classProblems(profile.rows, label, task);
}

function valuesProblem(rows: number, label: ColumnProfile): string | undefined {
  const name = `“${label.name}”`;
  if (label.missing === rows)
    return `Every row lacks a value in ${name}: there is nothing to learn from. Choose another column.`;
  const known = rows - label.missing;
  if (label.missing > 0 && known < fewestRows) {
    const have = known === 1 ? '1 row has' : `${count(known)} rows have`;
    return `Only ${have} a value in ${name}, and those without one are left out; at least ${fewestRows} are needed. Fill in more, or choose another column.`;
  }
  if (label.distinct === 1) {
    const value = label.top[0] ? ` (“${label.top[0].value}”)` : '';
    const where = label.missing > 0 ? 'in every row that has one' : 'in every row';
    return `${name} has the same value${value} ${where}: there is nothing to predict. Choose another column.`;
  }
  return undefined;
}

function numberProblems(label: ColumnProfile): TrainingProblem[] {
  if (isNumber(label)) return [];
  const example = label.top[0] ? `, like “${label.top[0].value}”` : '';
  const message = `“${label.name}” is ${label.type}${example}, but predicting a number needs a column of numbers. Choose classes, or another column.`;
  return [{ field: 'task.kind', message }];
}

function classProblems(rows: number, label: ColumnProfile, task: LabelTask): TrainingProblem[] {
  const name = `“${label.name}”`;
  const values = rows - label.missing;
  if (label.distinct >= values) {
    const mend = isNumber(label)
      ? 'Predict it as a number, or choose another column.'
      : 'Choose another column; this one looks like an id.';
    return [
      {
        field: 'task.labels',
        message: `${name} has a different value in every row, so no class has two rows. ${mend}`,
      },
    ];
  }
  const problems: TrainingProblem[] = [];
  if (task.kind === 'binary' && label.distinct !== 2) {
    const message = `${name} has ${count(label.distinct)} different values, not two. Choose one of several classes.`;
    problems.push({ field: 'task.kind', message });
  }
  const lonely = lonelyClasses(values, label);
  if (lonely) problems.push({ field: 'task.labels', message: lonely });
  const positive = task.positiveClass;
  if (positive !== null && isComplete(label) && !label.top.some(({ value }) => value === positive)) {
    const known = label.top.map(({ value }) => `“${value}”`).join(', ');
    problems.push({ field: 'task.positiveClass', message: `${name} has no value “${positive}”. It has ${known}.` });
  }
  return problems;
}

/** A class with one row can be learned from or judged by, not both. */
function lonelyClasses(values: number, label: ColumnProfile): string | undefined {
  const name = `“${label.name}”`;
  const mend = 'Give it more rows, join it with another class, or take the row out.';
  const lonely = label.top.filter((entry) => entry.count === 1).map(({ value }) => `“${value}”`);
  if (lonely.length > 0) {
    const shown = lonely.slice(0, 3).join(', ');
    const more = lonely.length > 3 || !isComplete(label) ? ' and others' : '';
    return `In ${name}, the class ${shown}${more} has one row only. ${mend}`;
  }
  // Fewer than two rows for each class on average: one has a single row, whichever it is.
  if (values < label.distinct * 2)
    return `In ${name}, some of the ${count(label.distinct)} classes have one row only. ${mend}`;
  return undefined;
}

function columnProblems(profile: DatasetProfile, task: LabelTask, ignored: readonly string[]): TrainingProblem[] {
  const problems: TrainingProblem[] = [];
  const unknown = ignored.filter((name) => !profile.columns.some((column) => column.name === name));
  if (unknown.length > 0) {
    problems.push({
      field: 'ignoredColumns',
      message: `The data has no column ${few(unknown.map((name) => `“${name}”`))} to ignore.`,
    });
  }
  const both = task.labels.filter((name) => ignored.includes(name));
  if (both.length > 0) {
    problems.push({ field: 'ignoredColumns', message: `“${both[0]}” is to be predicted and cannot be ignored.` });
  }
  const used = profile.columns.filter(({ name }) => !ignored.includes(name) && !task.labels.includes(name));
  if (used.length === 0) {
    const mend = ignored.length > 0 ? 'Ignore fewer columns.' : 'The data needs another column beside the label.';
    problems.push({ field: 'ignoredColumns', message: `No column is left to learn from. ${mend}` });
  } else if (used.every((column) => column.distinct <= 1)) {
    problems.push({
      field: 'ignoredColumns',
      message: 'All columns to learn from have the same value in every row. There is nothing to learn.',
    });
  }
  return problems;
}

function sideProblems(
  profile: DatasetProfile,
  task: LabelTask,
  { split, weightColumn }: Pick<JobSpec, 'split' | 'weightColumn'>,
): TrainingProblem[] {
  const problems: TrainingProblem[] = [];
  const look = (field: string, name: string | null, problemOf: (column: ColumnProfile) => string | undefined) => {
    if (name === null) return;
    const column = profile.columns.find((each) => each.name === name);
    const message = !column
      ? `The data has no column “${name}”.`
      : task.labels.includes(name)
        ? `“${name}” is to be predicted. Choose another column.`
        : problemOf(column);
    if (message !== undefined) problems.push({ field, message });
  };
  look('split.groupColumn', split.groupColumn ?? null, (column) =>
    column.distinct + (column.missing > 0 ? 1 : 0) < 2
      ? `“${column.name}” has one value only: there is no second group to judge by.`
      : undefined,
  );
  look('split.timeColumn', split.timeColumn ?? null, (column) => {
    if (!isNumber(column) && column.sqlType !== 'DATE' && column.sqlType !== 'TIMESTAMP')
      return `“${column.name}” is ${column.type}; rows are put in order by a date, a time or a number.`;
    return column.distinct < 2 ? `“${column.name}” has one value only: there is no order in it.` : undefined;
  });
  look('weightColumn', weightColumn, (column) => {
    if (!isNumber(column)) return `“${column.name}” is ${column.type}; weights are numbers.`;
    if (column.missing > 0) return `“${column.name}” is missing in some rows. Each row needs a weight.`;
    return Number(column.min) < 0 ? `“${column.name}” has negative numbers. A weight is 0 or more.` : undefined;
  });
  return problems;
}

function splitProblems(profile: DatasetProfile, task: LabelTask, split: JobSpec['split']): TrainingProblem[] {
  const label = labelOf(profile, task);
  // Rows without a label are left out; where too few have one, that is said of the label.
  const missing = profile.columns.filter(({ name }) => task.labels.includes(name)).map((column) => column.missing);
  const known = profile.rows - Math.max(0, ...missing);
  const heldOut = Math.ceil(known * split.holdoutFraction);
  const rest = known - heldOut;
  const rows = known === 1 ? '1 row' : `${count(known)} rows`;
  if (profile.rows < fewestRows) {
    return [
      {
        field: 'split.holdoutFraction',
        message: `The data has ${rows}: too few to learn from one part and judge by another. At least ${fewestRows} are needed.`,
      },
    ];
  }
  if (split.folds > rest) {
    const message = `${split.folds} folds need at least ${split.folds} rows, but of ${rows} only ${rest} are left beside the hold-out part. Choose fewer folds or add rows.`;
    return [{ field: 'split.folds', message }];
  }
  if (split.folds < 2 || task.kind === 'regression' || task.kind === 'multilabel' || !label) return [];
  const [rarest] = label.top.filter((entry) => entry.count > 1).toSorted((a, b) => a.count - b.count);
  if (!rarest || rarest.count >= split.folds) return [];
  const message = `${split.folds} folds need every class ${split.folds} times, but “${rarest.value}” has ${rarest.count} rows. Choose at most ${rarest.count} folds, or add rows.`;
  return [{ field: 'split.folds', message }];
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
