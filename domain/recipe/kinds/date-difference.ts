import { z } from 'zod';
import { addColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { castLiteral, literalProblem } from '../literals.ts';
import { problemsOfNewNames } from '../new-columns.ts';
import { newName, oneColumn } from '../setting-schemas.ts';
import { quoteName } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import type { TableSchema } from '../table-schema.ts';

const units = ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds'] as const;

const settings = z.object({
  from: oneColumn,
  until: z.enum(['column', 'day']).default('column'),
  column: z.string().default(''),
  day: z.string().max(30).default(''),
  unit: z.enum(units).default('days'),
  name: newName,
});

type Settings = z.infer<typeof settings>;

export const dateDifference = defineStep<Settings>({
  name: 'date-difference',
  title: 'Difference of dates',
  group: 'dates',
  help: 'Adds how many whole days, months … lie between two dates; below zero where the second is the earlier one.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'from', title: 'From', input: 'column', types: ['DATE', 'TIMESTAMP'] },
    {
      name: 'until',
      title: 'Until',
      input: 'choice',
      choices: [
        { value: 'column', title: 'another column' },
        { value: 'day', title: 'a fixed day' },
      ],
    },
    {
      name: 'column',
      title: 'Column',
      input: 'column',
      types: ['DATE', 'TIMESTAMP'],
      when: { field: 'until', is: ['column'] },
    },
    { name: 'day', title: 'Day', help: 'Like 2024-03-31.', input: 'text', when: { field: 'until', is: ['day'] } },
    { name: 'unit', title: 'In', input: 'choice', choices: units.map((value) => ({ value, title: value })) },
    { name: 'name', title: 'Name of the new column', input: 'text' },
  ],
  sentence: ({ from, until, column, day, unit, name }) =>
    `“${name}”: ${unit} from “${from}” until ${until === 'day' ? day : `“${column}”`}`,
  check: checkDifference,
  map: ({ from, until, column, day, unit, name }, schema) => {
    const start = `TRY_CAST(${quoteName(from)} AS TIMESTAMP)`;
    const end = until === 'day' ? castLiteral(day, 'TIMESTAMP') : `TRY_CAST(${quoteName(column)} AS TIMESTAMP)`;
    // Whole ones: the 31st of January and the 1st of February are no month apart. TRY: the first and the last day there is.
    return addColumns(schema, [
      { name, type: 'BIGINT', sql: `TRY(date_sub('${unit.slice(0, -1)}', ${start}, ${end}))` },
    ]);
  },
});

function checkDifference({ from, until, column, day, name }: Settings, schema: TableSchema): StepProblem[] {
  const ofDate = (which: string, field: string) =>
    problemsOfColumns(schema, [which], {
      field,
      types: ['DATE', 'TIMESTAMP'],
      wrong: (each, type) => `From or until “${each}” no time can be counted: it is ${type}.`,
      instead: 'Choose a column of dates, or change its type into a date in a step before.',
    });
  const problems = ofDate(from, 'from');
  if (until === 'column') problems.push(...ofDate(column, 'column'));
  else if (literalProblem(day, { name: 'day', type: 'TIMESTAMP' }))
    problems.push({
      field: 'day',
      message: `“${day}” is no day.`,
      instead: 'Write one like 2024-03-31, or choose a column.',
    });
  return [...problems, ...problemsOfNewNames(schema, [name], 'name')];
}
