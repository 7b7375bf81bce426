import { typeWords } from '../domain/dataset.ts';
import { TrainyardError } from '../domain/failures.ts';
import { type ImportOptions, importOptionsSchema } from '../domain/import-options.ts';
import { hasValue, isSqlType, reads, type SqlType, trimmed } from './column-kinds.ts';
import type { Conformed, ConformInput, SchemaColumn } from './data-calls.ts';
import { inferTypes, numberFormOf } from './infer-types.ts';
import { writeParquet } from './ingest.ts';
import { nearNames } from './near-names.ts';
import { asPlainNumber, isNumberIn, isPlain, type NumberForm, plainForm } from './number-forms.ts';
import { openPlainFile, type PlainFile } from './plain-file.ts';
import { readParquet, refusingDamage } from './read-parquet.ts';
import { RejectedRows } from './rejected-rows.ts';
import { cellText, type Session } from './session.ts';
import { listNames, plural, showValue } from './show-value.ts';
import { quoteName, quoteText } from './sql-text.ts';
import { stageText } from './stage-text.ts';

/** A column as it is found, before it is brought to the model's type. */
interface FoundColumn {
  name: string;
  /** SQL for the value as text. */
  text: string;
  /** The same where a number is wanted: as it is written everywhere. */
  number?: string;
  /** Its own type and SQL for its value, for columns that the model does not know. */
  type: SqlType;
  sql: string;
}

interface Found {
  columns: FoundColumn[];
  path: string;
  rows: number;
}

/**
 * Brings data for a prediction to the columns of the model, or says which value does not fit. Columns that the model
 * does not know stay; every row stays, in its place. Prefer the upload to the Parquet made from it where there is both:
 * “1.50” that was taken for a number there is text again here, if the model learned it as text.
 */
export async function conform(session: Session, input: ConformInput, toParquet: string): Promise<Conformed> {
  const options = { ...importOptionsSchema.parse(input.options ?? {}), badRows: 'refuse' as const };
  const plain: Pick<PlainFile, 'kind' | 'path'> = input.isCsv
    ? await openPlainFile(input, session.workFolder, session.signal, options)
    : { kind: 'parquet', path: input.path };
  if (plain.kind !== 'parquet') {
    return bring(session, input, await openText(session, input, plain as PlainFile, options), toParquet);
  }
  const work = async () => bring(session, input, await openParquet(session, plain.path), toParquet);
  return input.isCsv ? refusingDamage(session, work) : work();
}

async function bring(session: Session, input: ConformInput, found: Found, toParquet: string): Promise<Conformed> {
  requireColumns(found.columns, input.schema);
  const wanted = new Map(input.schema.map(({ name, sqlType }) => [name, typeOf(sqlType)]));
  await requireValues(session, found, wanted);
  const columns = found.columns.map((column) => {
    const type = wanted.get(column.name);
    const sql = type === undefined || type === column.type ? column.sql : castTo(type, textFor(type, column));
    return { name: column.name, sqlType: type ?? column.type, sql };
  });
  const selects = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ');
  await writeParquet(
    session,
    `SELECT ${selects} FROM read_parquet(${quoteText(found.path)})`,
    columns.length,
    toParquet,
    found.rows,
    columns.some(({ sqlType }) => sqlType === 'BLOB'),
  );
  return { rows: found.rows, columns: columns.map(({ name, sqlType }) => ({ name, sqlType })) };
}

async function openParquet(session: Session, path: string): Promise<Found> {
  const { columns, rows } = await readParquet(session, path);
  return { columns: columns.map((column) => ({ ...column, text: `CAST(${column.sql} AS VARCHAR)` })), path, rows };
}

async function openText(
  session: Session,
  { schema, limitBytes = Number.POSITIVE_INFINITY }: ConformInput,
  plain: PlainFile,
  options: ImportOptions,
): Promise<Found> {
  const knownNames = schema.map(({ name }) => name);
  const rejected = new RejectedRows('refuse', session.workFolder);
  const staged = await stageText(session, { plain, options, limit: limitBytes, rejected, knownNames });
  const { delimiter } = staged.used;
  const form = delimiter === null ? plainForm : await numberFormOf(session, staged, { ...options, delimiter });
  const inferred = await inferTypes(session, staged, form);
  const columns = inferred.map(({ name, type, sql }, index) => {
    const text = `c${index}`;
    return { name, type, sql, text, ...(isPlain(form) ? {} : { number: numberText(form, text) }) };
  });
  return { columns, path: staged.path, rows: staged.rows };
}

function numberText(form: NumberForm, column: string): string {
  const text = trimmed(column);
  return `CASE WHEN ${isNumberIn(form, text)} THEN ${asPlainNumber(form, text)} ELSE ${column} END`;
}

/** The text of a value from which it becomes one of this type. */
function textFor(type: SqlType, { text, number }: FoundColumn): string {
  return type === 'BIGINT' || type === 'DOUBLE' ? (number ?? text) : text;
}

function typeOf(sqlType: string): SqlType {
  if (!isSqlType(sqlType)) throw new Error(`The model has a column of the unknown type ${sqlType}.`);
  return sqlType;
}

function requireColumns(found: FoundColumn[], schema: SchemaColumn[]): void {
  const names = found.map(({ name }) => name);
  const missing = schema.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (missing.length === 0) return;
  const spare = names.filter((name) => !schema.some((column) => column.name === name));
  const near = missing.flatMap((name) => {
    const alike = nearNames(name, spare);
    return alike.length > 0 ? [`${listNames(alike)} may be ${showValue(name)} written differently.`] : [];
  });
  const hint = near.length > 0 ? near.slice(0, 3).join(' ') : `The header (row 1) has ${listNames(names)}.`;
  throw new TrainyardError(
    'BadData',
    `The data has no ${missing.length === 1 ? 'column' : 'columns'} ${listNames(missing)}, which the model needs.`,
    `Add or rename columns so that the header has the names of the training data. ${hint}`,
  );
}

async function requireValues(session: Session, found: Found, wanted: Map<string, SqlType>): Promise<void> {
  const checked = found.columns.flatMap((column) => {
    const type = wanted.get(column.name);
    return type === undefined || type === column.type || type === 'VARCHAR' ? [] : [{ ...column, type }];
  });
  const source = `read_parquet(${quoteText(found.path)}`;
  const batch = 200;
  for (let from = 0; from < checked.length; from += batch) {
    const columns = checked.slice(from, from + batch);
    const selects = columns.map((column) => `count(*) FILTER (${isUnfit(column.type, textFor(column.type, column))})`);
    const counts = (await session.row(`SELECT ${selects.join(', ')} FROM ${source})`)).map(Number);
    const bad = columns[counts.findIndex((count) => count > 0)];
    if (bad) throw await unfit(session, source, bad, counts[columns.indexOf(bad)] as number);
  }
}

async function unfit(session: Session, source: string, column: FoundColumn, count: number): Promise<TrainyardError> {
  const { name, text, type } = column;
  const unfitting = isUnfit(type, textFor(type, column));
  const values = `SELECT row_number() OVER () AS n, ${text} AS v, ${unfitting} AS unfit FROM ${source})`;
  const [row, value] = await session.row(`SELECT n, v FROM (${values}) WHERE unfit ORDER BY n LIMIT 1`);
  const more = count > 1 ? ` So do ${plural(count - 1, 'more value')} of this column.` : '';
  return new TrainyardError(
    'BadData',
    `Row ${cellText(row)}, column ${showValue(name)}: found ${showValue(cellText(value))}, but the model expects ${expected[type]}.`,
    `Mend the value, or leave it empty if it is not known.${more.replace('So do', 'The same goes for')}`,
  );
}

const expected: Record<SqlType, string> = {
  BIGINT: 'a whole number, like 42',
  DOUBLE: 'a number, like 4.2',
  BOOLEAN: 'true or false',
  DATE: 'a date, like 2024-12-31',
  TIMESTAMP: 'a date and time, like 2024-12-31 23:59:00',
  VARCHAR: typeWords.VARCHAR,
  BLOB: 'an image, as in a zip of images',
};

function isUnfit(type: SqlType, column: string): string {
  const text = trimmed(column);
  return `coalesce(${hasValue(text)}, false) AND NOT coalesce(${fits(type, text)}, false)`;
}

/** SQL: the text means a value of this type. More forms are taken than when types are guessed: here the type is known. */
function fits(type: SqlType, text: string): string {
  switch (type) {
    case 'BIGINT':
      return `(${reads('BIGINT', text)} OR regexp_full_match(${text}, '[-+]?[0-9]{1,18}(\\.0*)?'))`;
    case 'DOUBLE':
      return `(regexp_full_match(${text}, '[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?') AND isfinite(TRY_CAST(${text} AS DOUBLE)))`;
    case 'BOOLEAN':
      return `regexp_full_match(lower(${text}), 'true|false|t|f|yes|no|y|n|[01](\\.0)?')`;
    case 'DATE':
      return `(regexp_full_match(${text}, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00(:00(\\.0*)?)?Z?)?') AND TRY_CAST(left(${text}, 10) AS DATE) IS NOT NULL)`;
    default:
      return reads(type, text);
  }
}

function castTo(type: SqlType, column: string): string {
  if (type === 'VARCHAR') return `nullif(${column}, '')`;
  const text = trimmed(column);
  switch (type) {
    case 'BIGINT':
      return `TRY_CAST(ltrim(${text}, '+') AS BIGINT)`;
    case 'DOUBLE':
      return `TRY_CAST(nullif(lower(ltrim(${text}, '+')), 'nan') AS DOUBLE)`;
    case 'BOOLEAN':
      return `CASE WHEN ${hasValue(text)} THEN regexp_full_match(lower(${text}), 'true|t|yes|y|1|1\\.0') END`;
    case 'DATE':
      return `TRY_CAST(left(${text}, 10) AS DATE)`;
    case 'TIMESTAMP':
      return `TRY_CAST(${text} AS TIMESTAMP)`;
    case 'BLOB':
      // Only missing values get here.
      return 'CAST(NULL AS BLOB)';
  }
}
