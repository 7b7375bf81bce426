import { TrainyardError } from '../domain/failures.ts';
import { reservedPrefix } from '../domain/recipe/step-kind.ts';
import { listNames, plural, showValue } from './show-value.ts';

export const MOST_COLUMNS = 10_000;

/** Refuses names of columns that would make two columns one or leave one without a name. */
export function checkNames(names: readonly string[], where = 'in the header (row 1)'): void {
  if (names.length > MOST_COLUMNS) {
    const most = MOST_COLUMNS.toLocaleString('en-US');
    throw bad(
      `The table has ${plural(names.length, 'column')}; at most ${most} are possible.`,
      'If rows and columns were swapped, turn the table round; otherwise leave out columns.',
    );
  }
  const blank = names.flatMap((name, index) => (name.trim() === '' ? [index + 1] : []));
  if (blank.length > 0) {
    const which = blank.length === 1 ? `Column ${blank[0]} has` : `Columns ${blank.slice(0, 10).join(', ')} have`;
    throw bad(
      `${which} no name ${where}.`,
      'Give each column a name; a delimiter too many at the end of the line makes one, too.',
    );
  }
  const reserved = names.find((name) => name.toLowerCase().startsWith(reservedPrefix));
  if (reserved !== undefined) {
    throw bad(
      `The data has a column ${showValue(reserved)}, but names that begin with ${reservedPrefix} are Trainyard's own.`,
      'Rename the column and upload the data again.',
    );
  }
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    // The data engine does not tell “a” from “A”, so neither can a recipe.
    const earlier = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), index);
    if (earlier === undefined) continue;
    const other = names[earlier] as string;
    const alike =
      other === name
        ? `both called ${showValue(name)}`
        : `called ${listNames([other, name])}, which differ in case only`;
    throw bad(`Columns ${earlier + 1} and ${index + 1} are ${alike} ${where}.`, 'Give each column a name of its own.');
  }
}

function bad(message: string, hint: string): TrainyardError {
  return new TrainyardError('BadData', message, hint);
}
