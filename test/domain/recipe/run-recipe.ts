import type { DuckDBConnection, Json } from '@duckdb/node-api';
import { type Step, stepsSchema } from '../../../domain/recipe/recipe.ts';
import { quoteName, quoteText } from '../../../domain/recipe/sql-text.ts';
import { chain, type Stage } from '../../../domain/recipe/stages.ts';
import {
  foldNumber,
  type Learned,
  leftOutBy,
  type OtherTables,
  rowNumber,
  type StepProblem,
} from '../../../domain/recipe/step-kind.ts';
import type { SqlType, TableSchema } from '../../../domain/recipe/table-schema.ts';
import { type Learn, type Walked, walk } from '../../../domain/recipe/walk.ts';
import { withConnection } from './data-engine.ts';

export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

export interface Table {
  columns: Readonly<Record<string, SqlType>>;
  rows: readonly (readonly Cell[])[];
  /** More rows, as a SELECT of row number, NULL, fold and the columns. */
  fill?: string;
  /** The fold of each row; every row is held out unless told. */
  folds?: readonly number[];
}

export interface StepDraft extends Partial<Omit<Step, 'kind' | 'settings'>> {
  kind: string;
  settings?: Record<string, unknown>;
}

export interface Run {
  columns: Record<string, SqlType>;
  /** Rows that no step left out, in order. Whole numbers beyond JavaScript's are text. */
  rows: Row[];
  /** Numbers of rows in the input, and the step that left each out. */
  leftOut: { row: number; step: string }[];
  /** How many rows each step could not treat, by its id. */
  failing: Record<string, number>;
  problems: StepProblem[];
  sentences: string[];
  walked: Walked;
}

export interface Around {
  others?: Record<string, Table & { name: string }>;
  folds?: number;
  threads?: number;
  /** What each step learned before, to be used instead of learning again. */
  replay?: readonly ({ all: Learned; folds: Learned[] } | undefined)[];
}

const SOURCE = 'source_rows';

/** Carries a recipe out in a real data engine, which also does the learning. */
export function runRecipe(table: Table, drafts: readonly StepDraft[], around: Around = {}): Promise<Run> {
  return withConnection(around.threads ?? 1, async (connection) => {
    await makeTable(connection, SOURCE, table);
    const steps = stepsSchema.parse(drafts.map((draft, n) => ({ id: `s${n + 1}`, ...draft })));
    const learn: Learn = async ({ step, outside, sql, stages, lookup }) => {
      if (lookup)
        await connection.run(`CREATE TEMP TABLE ${lookup.name} AS ${lookup.sql(otherName(lookup.datasetId))}`);
      const kept = around.replay?.[steps.indexOf(step)];
      if (kept) return (outside === null ? kept.all : kept.folds[outside]) ?? null;
      const text = chain(stages, SOURCE, (before) => {
        const fold = outside === null ? '' : ` AND ${foldNumber} <> ${outside}`;
        return sql(`(SELECT * FROM ${before} WHERE ${leftOutBy} IS NULL${fold})`);
      });
      const [row] = (await connection.runAndReadAll(text)).getRowsJson();
      return JSON.parse(row?.[0] as string) as Learned;
    };
    const others = await makeOthers(connection, around.others ?? {});
    const walked = await walk({ steps, schema: schemaOf(table), others, learn, folds: around.folds ?? 0 });
    return {
      ...(await readRows(connection, walked)),
      failing: await countFailing(connection, walked.stages),
      problems: walked.steps.flatMap(({ problems }) => problems),
      sentences: walked.steps.map(({ sentence }) => sentence),
      walked,
    };
  });
}

/** The values of one column, for short expectations. */
export const valuesOf = (run: Run, column: string): (Cell | undefined)[] => run.rows.map((row) => row[column]);

async function readRows(
  connection: DuckDBConnection,
  walked: Walked,
): Promise<Pick<Run, 'columns' | 'rows' | 'leftOut'>> {
  const names = walked.schema.map(({ name }) => name);
  const text = chain(walked.stages, SOURCE, (last) => {
    // Table steps give the rows an order of their own; otherwise it is the one they came in.
    const order = walked.stages.every(({ isRowwise }) => isRowwise) ? ` ORDER BY ${rowNumber}` : '';
    return `SELECT ${rowNumber}, ${leftOutBy}, ${names.map(quoteName).join(', ')} FROM ${last}${order}`;
  });
  const result = await connection.runAndReadAll(text);
  const types = result.columnTypes().map(String);
  const rows: Row[] = [];
  const leftOut: Run['leftOut'] = [];
  for (const [row, step, ...cells] of result.getRowsJson()) {
    if (step === null) rows.push(Object.fromEntries(names.map((name, n) => [name, cellOf(cells[n], types[n + 2])])));
    else leftOut.push({ row: Number(row), step: step as string });
  }
  const columns = Object.fromEntries(names.map((name, n) => [name, types[n + 2] as SqlType]));
  return { columns, rows, leftOut };
}

export function cellOf(cell: Json | undefined, type: string | undefined): Cell {
  const isSafe = type === 'BIGINT' && typeof cell === 'string' && Number.isSafeInteger(Number(cell));
  return isSafe ? Number(cell) : (cell as Cell);
}

async function countFailing(connection: DuckDBConnection, stages: readonly Stage[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [n, stage] of stages.entries()) {
    if (stage.fails === undefined) continue;
    const text = chain(
      stages.slice(0, n),
      SOURCE,
      (before) => `SELECT count(*) FILTER (${stage.fails}) FROM ${before} WHERE ${leftOutBy} IS NULL`,
    );
    const [row] = (await connection.runAndReadAll(text)).getRowsJson();
    counts[stage.stepId] = Number(row?.[0]);
  }
  return counts;
}

export async function makeTable(connection: DuckDBConnection, name: string, table: Table): Promise<void> {
  const columns = Object.entries(table.columns).map(([column, type]) => `${quoteName(column)} ${type}`);
  await connection.run(
    `CREATE TEMP TABLE ${name} (${[`${rowNumber} BIGINT`, `${leftOutBy} VARCHAR`, `${foldNumber} BIGINT`, ...columns].join(', ')})`,
  );
  const rows = table.rows.map((row, n) => {
    const cells = row.map((cell) => (cell === null ? 'NULL' : quoteText(String(cell))));
    return `(${[n, 'NULL', table.folds?.[n] ?? -1, ...cells].join(', ')})`;
  });
  if (rows.length > 0) await connection.run(`INSERT INTO ${name} VALUES ${rows.join(', ')}`);
  if (table.fill) await connection.run(`INSERT INTO ${name} ${table.fill}`);
}

export async function makeOthers(
  connection: DuckDBConnection,
  tables: Record<string, Table & { name: string }>,
): Promise<OtherTables> {
  for (const [id, table] of Object.entries(tables)) await makeTable(connection, otherName(id), table);
  return new Map(Object.entries(tables).map(([id, table]) => [id, { name: table.name, schema: schemaOf(table) }]));
}

export const otherName = (datasetId: string): string => quoteName(`other_${datasetId}`);

export function schemaOf({ columns }: Table): TableSchema {
  return Object.entries(columns).map(([name, type]) => ({ name, type }));
}
