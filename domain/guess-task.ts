import type { ColumnProfile, DatasetProfile } from './dataset.ts';
import { isComplete, isNumber } from './column-facts.ts';
import { defaultMetric, type MetricName, type TaskKind } from './task.ts';

export { checkLabel, checkTraining, likeIdentifiers, trainingNotes, type TrainingProblem } from './check-training.ts';

export interface LabelGuess {
  column: string;
  why: string;
}

export interface TaskGuess {
  kind: TaskKind;
  metric: MetricName;
  /** For one of two classes: the one that the scores speak of. */
  positiveClass: string | null;
  why: string;
}

/** Names that people give to what they want to predict. */
const labelNames = ['label', 'target', 'class', 'y', 'outcome', 'response', 'to_predict', 'ground_truth'];

/** What somebody probably wants to predict: a column called so, else the last that can be predicted. */
export function guessLabel(profile: DatasetProfile): LabelGuess | undefined {
  const possible = profile.columns.filter((column) => canBeLabel(column, profile.rows));
  for (const name of labelNames) {
    const called = possible.find((column) => column.name.trim().toLowerCase() === name);
    if (called)
      return { column: called.name, why: `A column called “${called.name}” is mostly what is to be predicted.` };
  }
  const last = possible.at(-1);
  if (!last) return undefined;
  return { column: last.name, why: whyLast(profile, profile.columns.indexOf(last)) };
}

function whyLast({ columns, rows }: DatasetProfile, place: number): string {
  const behind = columns.slice(place + 1);
  if (behind.length === 0) return 'The last column is mostly what is to be predicted.';
  // Of columns that steps are yet to make, nothing is known.
  if (behind.some((column) => column.distinct === 0 || rows === column.missing))
    return 'Of the columns whose values are known by now, it is the last that can be predicted.';
  return 'It is the last column that can be predicted: those behind it are dates, have one value only, or another in every row.';
}

function canBeLabel(column: ColumnProfile, rows: number): boolean {
  const values = rows - column.missing;
  if (values === 0 || column.distinct < 2 || isDate(column) || column.sqlType === 'BLOB') return false;
  return column.sqlType === 'DOUBLE' || column.distinct < values;
}

/** So few different whole numbers are rather the names of classes than amounts. */
const MOST_NUMBERED_CLASSES = 20;

/** What kind of task a column asks for. A guess: the form shows it with its reason, and it can be changed. */
export function guessTask(column: ColumnProfile): TaskGuess {
  const task = (kind: TaskKind, why: string): TaskGuess => ({
    kind,
    metric: defaultMetric(kind),
    positiveClass: kind === 'binary' ? guessPositive(column) : null,
    why,
  });
  const name = `“${column.name}”`;
  if (column.distinct === 2) return task('binary', `${name} has two different values${listOf(column)}.`);
  if (column.sqlType === 'BOOLEAN') return task('binary', `${name} is yes or no.`);
  if (!isNumber(column)) {
    const what = isDate(column) ? 'has dates' : 'has text';
    return task('multiclass', `${name} ${what}, ${column.distinct.toLocaleString('en-US')} different values.`);
  }
  if (column.distinct <= MOST_NUMBERED_CLASSES && hasWholeNumbers(column) && !isUnique(column)) {
    return task(
      'multiclass',
      `${name} has only ${column.distinct} different whole numbers, which look like the numbers of classes.`,
    );
  }
  return task('regression', `${name} has numbers, ${column.distinct.toLocaleString('en-US')} different ones.`);
}

function listOf(column: ColumnProfile): string {
  if (!isComplete(column)) return '';
  return `: ${column.top.map(({ value }) => `“${value}”`).join(' and ')}`;
}

const positiveWords = [
  '1',
  '1.0',
  'true',
  'yes',
  'y',
  't',
  'positive',
  'pos',
  'malignant',
  'bad',
  'fraud',
  'spam',
  'churned',
];

/** The class that people mean by “it happened”: by its name, for numbers the larger, else the rarer. */
function guessPositive(column: ColumnProfile): string | null {
  if (!isComplete(column) || column.top.length !== 2) return column.sqlType === 'BOOLEAN' ? 'true' : null;
  const values = column.top.map(({ value }) => value);
  const byName = values.filter((value) => positiveWords.includes(value.trim().toLowerCase()));
  if (byName.length === 1) return byName[0] ?? null;
  if (isNumber(column)) return values.toSorted((a, b) => Number(a) - Number(b)).at(-1) ?? null;
  return values.at(-1) ?? null;
}

function isDate(column: ColumnProfile): boolean {
  return column.sqlType === 'DATE' || column.sqlType === 'TIMESTAMP';
}

function hasWholeNumbers(column: ColumnProfile): boolean {
  if (column.sqlType === 'BIGINT') return true;
  return isComplete(column) && column.top.every(({ value }) => Number.isInteger(Number(value)));
}

function isUnique(column: ColumnProfile): boolean {
  return column.top.every(({ count }) => count === 1);
}
