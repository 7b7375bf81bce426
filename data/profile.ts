import type { DatasetProfile } from '../domain/dataset.ts';
import { TrainyardError } from '../domain/failures.ts';
import { isSqlType } from './column-kinds.ts';
import type { ProfileInput } from './data-calls.ts';
import { profileColumns, type TypedColumn } from './profile-columns.ts';
import { describe } from './read-rows.ts';
import type { Session } from './session.ts';
import { showValue } from './show-value.ts';

/** Looks at the columns of a table as Trainyard writes them: nothing is read anew, converted or checked. */
export async function profile(session: Session, { parquet, columns, top }: ProfileInput): Promise<DatasetProfile> {
  const { columns: described } = await describe(session, parquet);
  const there = new Map(described.map(({ name, type }) => [name, type]));
  const names = columns ?? described.map(({ name }) => name);
  const typed = names.map((name): TypedColumn => {
    const type = there.get(name);
    if (type === undefined) throw new TrainyardError('NotFound', `The data has no column ${showValue(name)}.`);
    if (!isSqlType(type)) throw new TrainyardError('Bug', `${showValue(name)} is ${type}, which no dataset has.`);
    return { name, type, remarks: [] };
  });
  return profileColumns(session, parquet, typed, top);
}
