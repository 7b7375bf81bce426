import { TrainyardError } from '../../domain/failures.ts';
import { quoteName, quoteText } from '../../domain/recipe/sql-text.ts';
import { foldNumber, leftOutBy, reservedPrefix, rowNumber } from '../../domain/recipe/step-kind.ts';
import { type SqlType, sqlTypes, type TableSchema } from '../../domain/recipe/table-schema.ts';
import { describe } from '../read-rows.ts';
import type { Session } from '../session.ts';
import { showValue } from '../show-value.ts';
import type { OtherDataset } from './recipe-calls.ts';

/** A dataset as a recipe sees it: its columns, and a relation that has the columns of Trainyard's own beside them. */
export interface RecipeTable {
  schema: TableSchema;
  total: number;
  relation: string;
}

export async function openTable(session: Session, parquet: string): Promise<RecipeTable> {
  const { columns, total } = await describe(session, parquet);
  const schema = columns.map(({ name, type }) => ({ name, type: typeOf(name, type) }));
  return { schema, total, relation: rowsOf(schema, parquet) };
}

/** The schemas of datasets that steps look things up in: the last that is opened before steps are carried out. */
export async function openOthers(
  session: Session,
  others: readonly OtherDataset[] = [],
): Promise<Map<string, RecipeTable & { name: string; parquet: string }>> {
  const opened = new Map<string, RecipeTable & { name: string; parquet: string }>();
  for (const { datasetId, name, parquet } of others) {
    opened.set(datasetId, { name, parquet, ...(await openTable(session, parquet)) });
  }
  await session.lock();
  return opened;
}

function rowsOf(schema: TableSchema, parquet: string): string {
  const names = schema.map(({ name }) => quoteName(name)).join(', ');
  // A column of the user's may have the name of the engine's own column of row numbers.
  const taken = schema.some(({ name }) => name.toLowerCase() === 'file_row_number');
  const row = taken ? 'row_number() OVER () - 1' : 'file_row_number';
  const source = `read_parquet(${quoteText(parquet)}${taken ? '' : ', file_row_number = true'})`;
  return `(SELECT ${row} AS ${rowNumber}, CAST(NULL AS VARCHAR) AS ${leftOutBy}, CAST(NULL AS BIGINT) AS ${foldNumber}, ${names} FROM ${source})`;
}

/** A file that a recipe wrote, which has the columns of Trainyard's own in it. */
export function relationOf(parquet: string): string {
  return `(SELECT * FROM read_parquet(${quoteText(parquet)}))`;
}

function typeOf(name: string, type: string): SqlType {
  if (name.toLowerCase().startsWith(reservedPrefix)) {
    const message = `The data has a column ${showValue(name)}, but names that begin with ${reservedPrefix} are Trainyard's own.`;
    throw new TrainyardError('BadData', message, 'Rename the column and upload the data again.');
  }
  if ((sqlTypes as readonly string[]).includes(type)) return type as SqlType;
  throw new Error(`The dataset has a column of the type ${type}, which no dataset has.`);
}
