import { DuckDBInstance } from '@duckdb/node-api';
import type { Step } from '../domain/recipe/recipe.ts';
import { quoteName, quoteText } from '../domain/recipe/sql-text.ts';
import { chain } from '../domain/recipe/stages.ts';
import { type Learned, leftOutBy } from '../domain/recipe/step-kind.ts';
import type { SqlType, TableSchema } from '../domain/recipe/table-schema.ts';
import { walk } from '../domain/recipe/walk.ts';
import { parquetOptions } from '../data/parquet-options.ts';

const [parquet = '', to = '', steps = '[]', memoryMb = '1024', threads = '2'] = process.argv.slice(2);

/** The same SQL with nothing around it: no checks, no counts, no progress, no locked engine. */
const engine = await DuckDBInstance.create(':memory:', { memory_limit: `${memoryMb}MB`, threads });
const connection = await engine.connect();
const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();

const source = quoteText(parquet);
const schema: TableSchema = (await rows(`DESCRIBE SELECT * FROM read_parquet(${source})`)).map(([name, type]) => ({
  name: name as string,
  type: type as SqlType,
}));
const names = schema.map(({ name }) => quoteName(name)).join(', ');
const relation = `(SELECT file_row_number AS "__ty_row", CAST(NULL AS VARCHAR) AS "__ty_left_out", CAST(NULL AS BIGINT) AS "__ty_fold", ${names} FROM read_parquet(${source}, file_row_number = true))`;
const { stages, schema: after } = await walk({
  steps: JSON.parse(steps) as Step[],
  schema,
  learn: async ({ stages: before, sql }) => {
    const training = (table: string) => `(SELECT * FROM ${table} WHERE ${leftOutBy} IS NULL)`;
    const [[learned] = []] = await rows(chain(before, relation, (table) => sql(training(table))));
    return JSON.parse(learned as string) as Learned;
  },
});
const columns = after.map(({ name }) => quoteName(name)).join(', ');
const result = chain(stages, relation, (table) => `SELECT ${columns} FROM ${table} WHERE ${leftOutBy} IS NULL`);
await connection.run(`COPY (${result}) TO ${quoteText(to)} (${parquetOptions(after.length, 'zstd')})`);
connection.closeSync();
engine.closeSync();
