import { quoteName, quoteText } from '../../domain/recipe/sql-text.ts';
import type { Stage } from '../../domain/recipe/stages.ts';
import { leftOutBy, reservedPrefix, rowColumns, rowNumber } from '../../domain/recipe/step-kind.ts';
import { sameName, type TableSchema } from '../../domain/recipe/table-schema.ts';

/** How many of the rows that a check finds it names. */
export const NAMED_ROWS = 50;

export const changedCells = (n: number) => `"${reservedPrefix}changed_${n}"`;
export const failing = (n: number) => `"${reservedPrefix}failing_${n}"`;

export interface Tracking {
  /** Which stages are watched for cells that they change, and for rows that they cannot treat. */
  changes: (stage: Stage) => boolean;
  failing: (stage: Stage) => boolean;
}

export const everything: Tracking = { changes: ({ changes }) => changes.length > 0, failing: (stage) => !!stage.fails };
/** All that a full run has to know before it writes. */
export const stopsOnly: Tracking = {
  changes: () => false,
  failing: ({ fails, onFailure }) => fails !== undefined && onFailure === 'stop',
};

/**
 * Stages that work row by row, as one SELECT that carries beside each row what every one of them did to it: a whole
 * recipe is counted in one scan. The columns that nobody asks for are never computed.
 */
export function trackedRows(
  stages: readonly Stage[],
  schema: TableSchema,
  relation: string,
  tracking: Tracking,
  last: (table: string) => string,
): string {
  const parts: string[] = [];
  let table = relation;
  let before = schema;
  let carried: string[] = [];
  for (const [n, stage] of stages.entries()) {
    const names = new Set(before.map(({ name }) => name.toLowerCase()));
    const compared = tracking.changes(stage) ? stage.changes.filter((name) => names.has(name.toLowerCase())) : [];
    const was = compared.map((name, at) => {
      const old = before.find((column) => sameName(column.name, name))?.name ?? name;
      return `${quoteName(old)} AS "${reservedPrefix}was_${at}"`;
    });
    const fails = tracking.failing(stage)
      ? [`(${leftOutBy} IS NULL AND coalesce(${stage.fails ?? 'false'}, false)) AS ${failing(n)}`]
      : [];
    parts.push(
      `made_${n} AS NOT MATERIALIZED (SELECT ${[stage.selected, ...was, ...fails, ...carried].join(', ')} FROM ${stage.from?.(table) ?? table})`,
    );
    if (fails.length > 0) carried = [...carried, failing(n)];
    if (compared.length === 0) {
      table = `made_${n}`;
    } else {
      const columns = stage.columns.map(({ name }) => quoteName(name));
      const differences = compared.map((name, at) => difference(name, before, stage, `"${reservedPrefix}was_${at}"`));
      const count = `CASE WHEN ${leftOutBy} IS NULL THEN ${differences.join(' + ')} ELSE 0 END AS ${changedCells(n)}`;
      parts.push(
        `seen_${n} AS NOT MATERIALIZED (SELECT ${[rowColumns, ...columns, count, ...carried].join(', ')} FROM made_${n})`,
      );
      carried = [...carried, changedCells(n)];
      table = `seen_${n}`;
    }
    before = stage.columns;
  }
  const end = last(table);
  return parts.length === 0 ? end : `WITH ${parts.join(',\n')}\n${end}`;
}

/** 1 where the cell is not what it was. A column of another type now is compared as it is shown. */
function difference(name: string, before: TableSchema, { columns }: Stage, was: string): string {
  const type = (schema: TableSchema) => schema.find((column) => sameName(column.name, name))?.type;
  const now = quoteName(name);
  const differs =
    type(before) === type(columns)
      ? `${now} IS DISTINCT FROM ${was}`
      : `CAST(${now} AS VARCHAR) IS DISTINCT FROM CAST(${was} AS VARCHAR)`;
  return `CAST(${differs} AS INTEGER)`;
}

export interface StageCounts {
  changedCells: number;
  changed: { count: number; numbers: number[] };
  failing: { count: number; numbers: number[] };
  leftOut: { count: number; numbers: number[] };
}

/** The counts of all stages as one row of lists, to be read by `readCounts`. */
export function countSql(stages: readonly Stage[], schema: TableSchema, tracking: Tracking, named: number) {
  const counted = (condition: string) =>
    `count(*) FILTER (${condition}), ${named > 0 ? `min(${rowNumber}, ${named}) FILTER (${condition})` : 'NULL'}`;
  const none = '0, NULL';
  let before = schema;
  const selects = stages.map((stage, n) => {
    const names = new Set(before.map(({ name }) => name.toLowerCase()));
    const compared = tracking.changes(stage) && stage.changes.some((name) => names.has(name.toLowerCase()));
    before = stage.columns;
    const changed = compared ? `sum(${changedCells(n)}), ${counted(`${changedCells(n)} > 0`)}` : `0, ${none}`;
    const fails = tracking.failing(stage) ? counted(failing(n)) : none;
    const left = stage.leaves ? counted(`${leftOutBy} = ${quoteText(stage.stepId)}`) : none;
    return `${changed}, ${fails}, ${left}`;
  });
  return (table: string) => `SELECT count(*) FILTER (${leftOutBy} IS NULL), ${selects.join(', ')} FROM ${table}`;
}

export const COUNT_CELLS = 7;
