import { badData } from './bad-data.ts';
import type { ShownColumn, ToCsvInput, ToJsonInput } from './data-calls.ts';
import { harmlessName, harmlessText } from './harmless-text.ts';
import { describe } from './read-rows.ts';
import type { Session } from './session.ts';
import { quoteName, quoteText } from './sql-text.ts';

export async function writeCsv(session: Session, input: ToCsvInput, to: string): Promise<void> {
  const columns = await writtenColumns(session, input.parquet);
  const selects = columns.map(({ name, type }) => {
    const column = quoteName(name);
    const value = type === 'VARCHAR' && !input.exact ? harmlessText(column) : column;
    // A row of one missing value would be a blank line, which readers skip: it is written as "".
    const written = columns.length === 1 ? `coalesce(CAST(${value} AS VARCHAR), '')` : value;
    return `${written} AS ${quoteName(input.exact ? name : harmlessName(name))}`;
  });
  const force = columns.length === 1 ? ', FORCE_QUOTE *' : '';
  await session.run(
    `COPY (SELECT ${selects.join(', ')} FROM read_parquet(${quoteText(input.parquet)}))
     TO ${quoteText(to)} (FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', COMPRESSION none, USE_TMP_FILE false${force})`,
  );
}

/** Images stay behind: text has no place for their bytes. */
async function writtenColumns(session: Session, parquet: string): Promise<ShownColumn[]> {
  const { columns } = await describe(session, parquet);
  const written = columns.filter(({ type }) => type !== 'BLOB');
  if (written.length > 0) return written;
  throw badData('The data holds images only: there is nothing to write as text.', 'Take it as Parquet.');
}

/** One array of objects. */
export async function writeJson(session: Session, input: ToJsonInput, to: string): Promise<void> {
  const names = (await writtenColumns(session, input.parquet)).map(({ name }) => quoteName(name));
  await session.run(
    `COPY (SELECT ${names.join(', ')} FROM read_parquet(${quoteText(input.parquet)}))
     TO ${quoteText(to)} (FORMAT json, ARRAY true, COMPRESSION none, USE_TMP_FILE false)`,
  );
}
