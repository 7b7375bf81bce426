import { z } from 'zod';
import { addColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { readTime } from '../date-formats.ts';
import { defineStep } from '../define-step.ts';
import { problemsOfNewNames } from '../new-columns.ts';
import { oneColumn } from '../setting-schemas.ts';
import { quoteName } from '../sql-text.ts';
import { findColumn, sameName, type SqlType, type TableSchema } from '../table-schema.ts';

/** What each part is called behind the name of the column, and how the engine takes it. */
const parts = {
  year: { title: 'year', take: (date: string) => `year(${date})` },
  quarter: { title: 'quarter, 1 to 4', take: (date: string) => `quarter(${date})` },
  month: { title: 'month, 1 to 12', take: (date: string) => `month(${date})` },
  week: { title: 'week of the year, as in ISO 8601', take: (date: string) => `weekofyear(${date})` },
  day: { title: 'day of the month', take: (date: string) => `day(${date})` },
  weekday: { title: 'weekday, 1 for Monday to 7', take: (date: string) => `isodow(${date})` },
  dayofyear: { title: 'day of the year', take: (date: string) => `dayofyear(${date})` },
  weekend: { title: 'whether it is a weekend', take: (date: string) => `(isodow(${date}) >= 6)` },
  hour: { title: 'hour, 0 to 23', take: (date: string) => `hour(${date})` },
} as const;

type Part = keyof typeof parts;
const partNames = Object.keys(parts) as [Part, ...Part[]];

const settings = z.object({
  column: oneColumn,
  parts: z.array(z.enum(partNames)).min(1, 'Choose at least one part.').default(['year', 'month', 'weekday']),
  drop: z.boolean().default(false),
});

type Settings = z.infer<typeof settings>;

export const dateParts = defineStep<Settings>({
  name: 'date-parts',
  title: 'Parts of a date',
  group: 'dates',
  help: 'Adds the year, the month, the weekday … of a date. Text is read as 2024-03-31; what is no date fails.',
  reach: 'rowwise',
  canFail: true,
  settings,
  fields: [
    { name: 'column', title: 'Column', input: 'column', types: ['DATE', 'TIMESTAMP', 'VARCHAR'] },
    {
      name: 'parts',
      title: 'Parts',
      input: 'texts',
      choices: partNames.map((value) => ({ value, title: parts[value].title })),
    },
    { name: 'drop', title: 'Drop the date itself', input: 'yes/no' },
  ],
  sentence: (chosen) =>
    `Parts of date “${chosen.column}”: adds ${chosenParts(chosen)
      .map((part) => newName(chosen, part))
      .join(', ')}${chosen.drop ? ', drops the date' : ''}`,
  check: (chosen, schema) => {
    const { column, drop } = chosen;
    const problems = problemsOfColumns(schema, [column], {
      types: ['DATE', 'TIMESTAMP', 'VARCHAR'],
      wrong: (name, type) => `“${name}” has no parts of a date: it is ${type}.`,
      instead: 'Choose a column of dates, or change its type into a date in a step before.',
    });
    if (findColumn(schema, column)?.type === 'DATE' && chosen.parts.includes('hour'))
      problems.push({
        field: 'parts',
        column,
        message: `“${column}” has no hour: it is a date without time.`,
        instead: 'Take the hour out, or change the type into a date with time where it is read.',
      });
    const kept = drop ? schema.filter(({ name }) => !sameName(name, column)) : schema;
    const names = chosenParts(chosen).map((part) => newName(chosen, part));
    return [...problems, ...problemsOfNewNames(kept, names, 'parts')];
  },
  map: (chosen, schema) => {
    const date = dateOf(chosen.column, schema);
    const mapping = addColumns(
      schema,
      chosenParts(chosen).map((part) => ({
        name: newName(chosen, part),
        type: (part === 'weekend' ? 'BOOLEAN' : 'BIGINT') satisfies SqlType,
        // The first day there is has no Monday before it, from which its week could be counted.
        sql: `TRY(${parts[part].take(date)})`,
      })),
    );
    const columns = mapping.columns.filter(({ name }) => !chosen.drop || !sameName(name, chosen.column));
    if (findColumn(schema, chosen.column)?.type !== 'VARCHAR') return { columns };
    return { columns, fails: `(${quoteName(chosen.column)} IS NOT NULL AND ${date} IS NULL)` };
  },
});

/** Each once, and in the order of the calendar. */
const chosenParts = (chosen: Settings): Part[] => partNames.filter((part) => chosen.parts.includes(part));

const newName = ({ column }: Settings, part: Part): string => `${column}_${part}`;

function dateOf(column: string, schema: TableSchema): string {
  const isText = findColumn(schema, column)?.type === 'VARCHAR';
  return isText ? readTime(quoteName(column), 'year-month-day') : quoteName(column);
}
