import { quoteName, quoteText } from './sql-text.ts';
import type { Step } from './recipe.ts';
import {
  foldNumber,
  leftOutBy,
  type Lookup,
  type MadeColumn,
  type Mapping,
  rowColumns,
  rowNumber,
  type TableShape,
} from './step-kind.ts';
import type { Column } from './table-schema.ts';

/** One step as SQL: a table made from the table before it. */
export interface Stage {
  stepId: string;
  columns: readonly Column[];
  /** A SELECT from `before`, with every column and `rowColumns`. */
  sql: (before: string) => string;
  /** Where it works row by row: its SELECT without the FROM, so that a check can ask for more beside it. */
  selected?: string;
  /** What that is selected from, where it is not the table before itself. */
  from?: (before: string) => string;
  /** The columns after that may have other values than before, or are new. */
  changes: readonly string[];
  /** Whether it can leave rows out by itself: a filter, or rows that it cannot treat. */
  leaves: boolean;
  /** A condition on the table before: the step cannot treat the row. */
  fails?: string;
  /** What happens to such a row. */
  onFailure: Step['onFailure'];
  /** Whether it is made of each row by itself; otherwise it needs the whole table before. */
  isRowwise: boolean;
  /** False when the rows are other things than the rows before. */
  keepsRows: boolean;
  /** A small table beside, which its SQL knows by name. */
  lookup?: Lookup & { name: string };
}

/** What a step makes of a row, for a row of each fold and (null) for any other. */
export interface RowsAt {
  at: (fold: number | null) => Mapping;
  folds: number;
}

/**
 * A row that is left out stays in the table until the end, with the step that did it: so the same SQL that takes it out
 * of the training rows says, when predicting, why it was not scored.
 */
export function mapRows(step: Step, { at, folds }: RowsAt): Stage {
  const mapping = at(null);
  const byFold = Array.from({ length: folds }, (_, fold) => at(fold));
  const { fails, leaves, from } = mapping;
  const out = [leaves, step.onFailure === 'empty' ? undefined : fails].filter((each) => each !== undefined);
  const why =
    out.length === 0
      ? leftOutBy
      : `coalesce(${leftOutBy}, CASE WHEN ${out.map((each) => `coalesce(${each}, false)`).join(' OR ')} THEN ${quoteText(step.id)} END) AS ${leftOutBy}`;
  const columns = mapping.columns.map((column, n) =>
    columnSql(
      column,
      byFold.map((each) => each.columns[n]),
    ),
  );
  const selected = `${rowNumber}, ${why}, ${foldNumber}, ${columns.join(', ')}`;
  return {
    stepId: step.id,
    columns: mapping.columns.map(({ name, type }) => ({ name, type })),
    sql: (before) => `SELECT ${selected} FROM ${from?.(before) ?? before}`,
    selected,
    ...(from ? { from } : {}),
    changes: mapping.columns.filter(({ name }, n) => columns[n] !== quoteName(name)).map(({ name }) => name),
    leaves: out.length > 0,
    ...(fails === undefined ? {} : { fails: mapping.failsBefore ?? fails }),
    onFailure: step.onFailure,
    isRowwise: true,
    keepsRows: true,
  };
}

function columnSql(column: MadeColumn, byFold: readonly (MadeColumn | undefined)[]): string {
  const name = quoteName(column.name);
  if (column.sql === name) return name;
  const differs = byFold.some((each) => each?.sql !== column.sql);
  const cases = byFold.map((each, fold) => `WHEN ${fold} THEN ${each?.sql ?? column.sql}`);
  const sql = differs ? `CASE ${foldNumber} ${cases.join(' ')} ELSE ${column.sql} END` : column.sql;
  return `${unsigned(`CAST(${sql} AS ${column.type})`, column)} AS ${name}`;
}

/**
 * Minus zero equals zero and is another text. Which of two equal numbers a group, a mode or a minimum takes depends on
 * the order of rows, and what is kept as JSON has no sign there: so no step makes one, and none comes out of a group.
 */
function unsigned(sql: string, { type }: Pick<Column, 'type'>): string {
  return type === 'DOUBLE' ? `${sql} + 0.0` : sql;
}

export function shapeTable(step: Step, shape: TableShape): Stage {
  // Rows that stay what they were keep their values as they came; those of a group are made of several.
  const names = shape.columns.map((column) => {
    const name = quoteName(column.name);
    const own = shape.keepsRows ? name : unsigned(name, column);
    return own === name ? name : `${own} AS ${name}`;
  });
  return {
    stepId: step.id,
    columns: shape.columns,
    sql: (before) =>
      `SELECT ${rowColumns}, ${names.join(', ')} FROM (${shape.sql(`(SELECT * FROM ${before} WHERE ${leftOutBy} IS NULL)`)})`,
    changes: [],
    leaves: false,
    onFailure: step.onFailure,
    isRowwise: false,
    keepsRows: shape.keepsRows,
  };
}

/**
 * All stages as one SELECT from `source`, a table with `rowColumns`. Never materialised by itself: the engine sees
 * through, so that fifty rows at the end cost the reading of fifty rows at the start.
 */
export function chain(stages: readonly Stage[], source: string, last: (table: string) => string): string {
  const tables = [source];
  const parts = stages.map((stage, n) => {
    const name = `stage_${n + 1}`;
    const part = `${name} AS NOT MATERIALIZED (${stage.sql(tables[n] as string)})`;
    tables.push(name);
    return part;
  });
  const end = last(tables.at(-1) as string);
  return parts.length === 0 ? end : `WITH ${parts.join(',\n')}\n${end}`;
}
