import { z } from 'zod';
import { changeColumns, unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { someColumns } from '../setting-schemas.ts';
import { quoteName, quoteNumber } from '../sql-text.ts';
import type { Mapping, StepProblem } from '../step-kind.ts';
import type { Column, TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

const bound = z.number().nullable().default(null);

const settings = z.object({
  columns: someColumns,
  least: bound,
  greatest: bound,
  outside: z.enum(['the bound', 'missing', 'leave out']).default('the bound'),
});

type Settings = z.infer<typeof settings>;

export const clipValues = defineStep<Settings>({
  name: 'clip-values',
  title: 'Clip to fixed bounds',
  group: 'numbers',
  help: 'What lies below or above fixed bounds becomes the bound or missing, or its row is left out.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    { name: 'least', title: 'Not less than', input: 'number', optional: true },
    { name: 'greatest', title: 'Not more than', input: 'number', optional: true },
    {
      name: 'outside',
      title: 'What lies outside',
      input: 'choice',
      choices: [
        { value: 'the bound', title: 'becomes the bound' },
        { value: 'missing', title: 'becomes missing' },
        { value: 'leave out', title: 'leaves the row out' },
      ],
    },
  ],
  sentence: ({ columns, least, greatest, outside }) => {
    const low = least === null ? '' : `below ${least}`;
    const high = greatest === null ? '' : `above ${greatest}`;
    const where = [low, high].filter((each) => each !== '').join(' or ');
    if (outside === 'leave out') return `Drop rows where ${columnList(columns)} is ${where}`;
    return `Make ${columnList(columns)} ${outside === 'missing' ? 'missing' : 'the bound'} where ${where}`;
  },
  check: checkClip,
  map: (chosen, schema) =>
    chosen.outside === 'leave out' ? leaveOut(chosen, schema) : clip(chosen, schema, chosen.outside === 'missing'),
});

function clip(chosen: Settings, schema: TableSchema, toMissing: boolean): Mapping {
  return changeColumns(schema, chosen.columns, (column) => {
    const { least, greatest } = boundsFor(column, chosen);
    const low = least === null ? '' : ` WHEN ${column.quoted} < ${least} THEN ${toMissing ? 'NULL' : least}`;
    const high = greatest === null ? '' : ` WHEN ${column.quoted} > ${greatest} THEN ${toMissing ? 'NULL' : greatest}`;
    return `CASE${low}${high} ELSE ${column.quoted} END`;
  });
}

function leaveOut({ columns, least, greatest }: Settings, schema: TableSchema): Mapping {
  const outside = columns.flatMap((name) => [
    ...(least === null ? [] : [`${quoteName(name)} < ${quoteNumber(least)}`]),
    ...(greatest === null ? [] : [`${quoteName(name)} > ${quoteNumber(greatest)}`]),
  ]);
  return { columns: schema.map(unchanged), leaves: outside.map((each) => `coalesce(${each}, false)`).join(' OR ') };
}

/** Whole numbers stay whole, and inside: 2.5 as the least one is 3. */
function boundsFor({ type }: Column, { least, greatest }: Settings): { least: string | null; greatest: string | null } {
  const write = (value: number | null, round: (value: number) => number) => {
    if (value === null) return null;
    return type === 'BIGINT' ? `CAST('${round(value)}' AS BIGINT)` : quoteNumber(value);
  };
  return { least: write(least, Math.ceil), greatest: write(greatest, Math.floor) };
}

function checkClip({ columns, least, greatest }: Settings, schema: TableSchema): StepProblem[] {
  const problems = problemsOfColumns(schema, columns, {
    field: 'columns',
    types: ['BIGINT', 'DOUBLE'],
    wrong: (name, type) => `“${name}” has no bounds to be clipped to: it is ${type}, not a number.`,
    instead: 'Take the column out of this step, or change its type to a number before.',
  });
  if (least === null && greatest === null)
    problems.push({
      field: 'least',
      message: 'There is no bound.',
      instead: 'Write the least value, the greatest, or both.',
    });
  if (least !== null && greatest !== null && least > greatest)
    problems.push({
      field: 'least',
      message: `The least value, ${least}, is more than the greatest, ${greatest}.`,
      instead: 'Swap the two, or leave one away.',
    });
  const widest = Number.MAX_SAFE_INTEGER;
  if ([least, greatest].some((each) => each !== null && Math.abs(each) > widest))
    problems.push({
      field: 'least',
      message: `A bound lies beyond ±${widest}.`,
      instead: 'Leave it away, or write a smaller one.',
    });
  return problems;
}
