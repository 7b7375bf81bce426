import type { ToCsvInput, ToJsonInput } from './data-calls.ts';
import { describe } from './read-rows.ts';
import type { Session } from './session.ts';
import { quoteName, quoteText } from './sql-text.ts';

/**
 * What a spreadsheet would run as a formula. A plain number that is text (-5, +49123) is none, and stays as it is.
 * The apostrophe in front is what spreadsheets themselves use for “this is text”.
 */
const formula = '^[=+@\\t\\r-]';
const plainNumber = '^[-+]?[0-9]+([.,][0-9]+)?$';

function protectedText(column: string): string {
  return `CASE WHEN regexp_matches(${column}, ${quoteText(formula)}) AND NOT regexp_matches(${column}, ${quoteText(plainNumber)})
    THEN '''' || ${column} ELSE ${column} END`;
}

function protectedName(name: string): string {
  return /^[=+@\t\r-]/.test(name) && !/^[-+]?\d+([.,]\d+)?$/.test(name) ? `'${name}` : name;
}

export async function writeCsv(session: Session, input: ToCsvInput, to: string): Promise<void> {
  const { columns } = await describe(session, input.parquet);
  const selects = columns.map(({ name, type }) => {
    const column = quoteName(name);
    const value = type === 'VARCHAR' && !input.exact ? protectedText(column) : column;
    // A row of one missing value would be a blank line, which readers skip: it is written as "".
    const written = columns.length === 1 ? `coalesce(CAST(${value} AS VARCHAR), '')` : value;
    return `${written} AS ${quoteName(input.exact ? name : protectedName(name))}`;
  });
  const force = columns.length === 1 ? ', FORCE_QUOTE *' : '';
  await session.run(
    `COPY (SELECT ${selects.join(', ')} FROM read_parquet(${quoteText(input.parquet)}))
     TO ${quoteText(to)} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', COMPRESSION none, USE_TMP_FILE false${force})`,
  );
}

/** One array of objects. */
export async function writeJson(session: Session, input: ToJsonInput, to: string): Promise<void> {
  await session.run(
    `COPY (SELECT * FROM read_parquet(${quoteText(input.parquet)}))
     TO ${quoteText(to)} (FORMAT json, ARRAY true, COMPRESSION none, USE_TMP_FILE false)`,
  );
}
