import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { inputTable } from '../../../domain/recipe/fitted-recipe.ts';
import { fitForPredicting } from '../../../domain/recipe/predicting.ts';
import { stepsSchema } from '../../../domain/recipe/recipe.ts';
import { quoteName, quoteText } from '../../../domain/recipe/sql-text.ts';
import { chain } from '../../../domain/recipe/stages.ts';
import { foldNumber, leftOutBy, type Learned, rowNumber } from '../../../domain/recipe/step-kind.ts';
import type { SqlType, TableSchema } from '../../../domain/recipe/table-schema.ts';
import { type Learn, walk } from '../../../domain/recipe/walk.ts';
import { recipeCases } from './recipe-cases.ts';
import { rowwiseCases } from './rowwise-cases.ts';

/** A table as text, which both sides read in the same way; '' is missing. */
export interface CaseTable {
  columns: Record<string, SqlType>;
  rows: (string | null)[][];
}

export interface RecipeCase {
  table: CaseTable;
  steps: { kind: string; settings: Record<string, unknown>; onFailure?: 'empty' | 'drop' | 'stop' }[];
  others?: Record<string, CaseTable>;
  /** Rows go to so many folds in turn, and what learns from the label is cross-fitted. */
  folds?: number;
  labels?: string[];
}

const SOURCE = 'source_rows';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: node write-cases.ts <folder>');
const written: Record<string, unknown> = {};
const cases = { ...recipeCases(), ...rowwiseCases() };
for (const [name, each] of Object.entries(cases)) written[name] = await carriedOut(name, each);
writeFileSync(join(folder, 'cases.json'), JSON.stringify(written));

/** Everything that was asked of the engine, in order, with its answers: to be asked again elsewhere. */
async function carriedOut(name: string, { table, steps: drafts, others = {}, folds = 0, labels = [] }: RecipeCase) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const setup: string[] = [];
  const run = async (sql: string) => {
    setup.push(sql);
    await connection.run(sql);
  };
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  try {
    await run(madeTable(SOURCE, table, folds));
    for (const [id, other] of Object.entries(others)) await run(madeTable(otherName(id), other, 0));
    const fits: { sql: string; learned: Learned }[] = [];
    const learn: Learn = async ({ outside, sql, stages, lookup }) => {
      if (lookup) await run(`CREATE TABLE ${lookup.name} AS ${lookup.sql(otherName(lookup.datasetId))}`);
      const fold = outside === null ? '' : ` AND ${foldNumber} <> ${outside}`;
      const asked = chain(stages, SOURCE, (before) =>
        sql(`(SELECT * FROM ${before} WHERE ${leftOutBy} IS NULL${fold})`),
      );
      const [row] = await rows(asked);
      const learned = JSON.parse(row?.[0] as string) as Learned;
      fits.push({ sql: asked, learned });
      return learned;
    };
    const steps = stepsSchema.parse(drafts.map((draft, n) => ({ id: `s${n + 1}`, ...draft })));
    const known = new Map(Object.entries(others).map(([id, other]) => [id, { name: id, schema: schemaOf(other) }]));
    const walked = await walk({ steps, schema: schemaOf(table), others: known, learn, folds });
    const problems = walked.steps.flatMap((step) => step.problems.map(({ message }) => message));
    if (problems.length > 0) throw new Error(`${name}: ${problems.join(' ')}`);
    const isRowwise = walked.stages.every((stage) => stage.isRowwise);
    const sql = chain(walked.stages, SOURCE, (last) =>
      asText(last, walked.schema, isRowwise ? ` ORDER BY ${rowNumber}` : ''),
    );
    const made = fitForPredicting({
      walked,
      schema: schemaOf(table),
      others: known,
      labels,
      duckdb: await version(rows),
    });
    if ('problems' in made) throw new Error(`${name}: ${made.problems.map(({ message }) => message).join(' ')}`);
    const { fitted } = made;
    // What is predicted after a step that groups rows are such rows.
    const regrouped = walked.stages.findLastIndex(({ keepsRows }) => !keepsRows) + 1;
    const before = chain(
      walked.stages.slice(0, regrouped),
      SOURCE,
      (last) => `SELECT * FROM ${last} ORDER BY ${rowNumber}`,
    );
    await run(`CREATE TABLE ${inputTable} AS ${before}`);
    const applied = asText(`(${fitted.applySql})`, fitted.outputColumns, ` ORDER BY ${rowNumber}`);
    return {
      setup,
      fits,
      columns: walked.schema,
      table,
      others,
      sql,
      rows: await rows(sql),
      fitted,
      applied,
      appliedRows: await rows(applied),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** As text, which tells every float apart. */
function asText(from: string, schema: TableSchema, order: string): string {
  const columns = schema.map(({ name }) => `, CAST(${quoteName(name)} AS VARCHAR)`).join('');
  return `SELECT CAST(${rowNumber} AS VARCHAR), ${leftOutBy}${columns} FROM ${from}${order}`;
}

async function version(rows: (sql: string) => Promise<unknown[][]>): Promise<string> {
  const [row] = await rows('SELECT version()');
  return String(row?.[0]).replace(/^v/, '');
}

function madeTable(name: string, { columns, rows }: CaseTable, folds: number): string {
  const names = Object.keys(columns);
  const typed = names.map((column, n) => `CAST(col${n} AS ${columns[column]}) AS ${quoteName(column)}`);
  const cells = (row: (string | null)[]) =>
    row.map((cell) => (cell === null ? 'CAST(NULL AS VARCHAR)' : quoteText(cell)));
  const values = rows.map((row, n) => `(${[n, folds > 0 ? n % folds : -1, ...cells(row)].join(', ')})`);
  return `CREATE TABLE ${name} AS SELECT CAST(n AS BIGINT) AS ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(fold AS BIGINT) AS ${foldNumber}, ${typed.join(', ')} FROM (VALUES ${values.join(', ')}) AS v(n, fold, ${names.map((_, n) => `col${n}`).join(', ')}) ORDER BY n`;
}

function otherName(id: string): string {
  return quoteName(`other_${id}`);
}

function schemaOf({ columns }: CaseTable): TableSchema {
  return Object.entries(columns).map(([name, type]) => ({ name, type }));
}
