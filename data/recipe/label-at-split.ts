import { labelNames } from '../../domain/recipe/label-names.ts';
import { replayed } from '../../domain/recipe/replayed.ts';
import { quoteName } from '../../domain/recipe/sql-text.ts';
import type { Stage } from '../../domain/recipe/stages.ts';
import { leftOutBy, type OtherTables, reservedPrefix, rowNumber } from '../../domain/recipe/step-kind.ts';
import { findColumn, sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';
import type { Walked } from '../../domain/recipe/walk.ts';

/** What is known of the label when rows are divided: the steps that make it of each row, and its name after them. */
export interface LabelAtSplit {
  name: string | undefined;
  stages: readonly Stage[];
}

/** Rows to be divided: beside each its label, as text, and the columns that it came with under other names. */
export interface RowsToDivide {
  relation: string;
  hasLabel: boolean;
  /** The columns that it came with, for a SELECT. */
  cameWith: string;
}

export const labelAtSplit = `"${reservedPrefix}label"`;
const carriedName = (n: number) => `"${reservedPrefix}carried_${n}"`;

/**
 * Rows are divided before anything is learned, so the label is known as far as the steps before the first one that
 * learns, or that needs the whole table, make it. One that is made only after that is not known (no `name`). What later
 * steps do to its values does not matter: each part has its share of the values that they are made of.
 */
export function findLabel(walked: Walked, others: OtherTables, label: string, after: string | undefined): LabelAtSplit {
  const first = walked.stages.findIndex(({ stepId }) => stepId === after) + 1;
  const learns = new Set(walked.steps.filter(({ learned }) => learned).map(({ step }) => step.id));
  const rest = walked.stages.slice(first);
  const end = rest.findIndex(({ stepId, selected }) => selected === undefined || learns.has(stepId));
  const reached = end < 0 ? rest : rest.slice(0, end);
  const names = [...labelNames(replayed(walked, others).slice(first), [label]).before, [label]];
  const [name] = names[reached.length] ?? [];
  // The last step that matters: what comes after it need not be computed only to divide rows.
  const matters = reached.findLastIndex(
    ({ leaves, changes }, n) => leaves || changes.some((changed) => sameName(changed, names[n + 1]?.[0] ?? '')),
  );
  const stages = reached.slice(0, matters + 1);
  return { name: name === undefined ? undefined : names[stages.length]?.[0], stages };
}

export function withLabel(relation: string, schema: TableSchema, { name, stages }: LabelAtSplit): RowsToDivide {
  const carried = schema.map((_, n) => carriedName(n));
  const copies = schema.map((column, n) => `${quoteName(column.name)} AS ${carried[n]}`);
  let table = `(SELECT *, ${copies.join(', ')} FROM ${relation})`;
  for (const { selected = '*' } of stages) table = `(SELECT ${[selected, ...carried].join(', ')} FROM ${table})`;
  const label = name === undefined ? undefined : findColumn(stages.at(-1)?.columns ?? schema, name);
  const value = `CAST(${label ? quoteName(label.name) : 'NULL'} AS VARCHAR) AS ${labelAtSplit}`;
  return {
    relation: `(SELECT ${[rowNumber, leftOutBy, value, ...carried].join(', ')} FROM ${table})`,
    hasLabel: label !== undefined,
    cameWith: schema.map((column, n) => `${carried[n]} AS ${quoteName(column.name)}`).join(', '),
  };
}
