import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { quoteName } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  /** All when there are none. */
  columns: z.array(z.string().min(1)).max(10_000).default([]),
  when: z.enum(['any', 'all']).default('any'),
});

export const dropMissing = defineStep<z.infer<typeof settings>>({
  name: 'drop-missing',
  title: 'Drop rows with missing values',
  group: 'missing',
  help: 'Leaves out rows that lack a value in any, or in all, of the chosen columns.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', help: 'All columns when none is chosen.', input: 'columns', optional: true },
    {
      name: 'when',
      title: 'When',
      input: 'choice',
      choices: [
        { value: 'any', title: 'any of them is missing' },
        { value: 'all', title: 'all of them are missing' },
      ],
    },
  ],
  sentence: ({ columns, when }) => {
    if (columns.length === 0) return `Drop rows where ${when === 'any' ? 'anything' : 'everything'} is missing`;
    const which = columns.length === 1 ? '' : when === 'any' ? 'any of ' : 'all of ';
    return `Drop rows where ${which}${columnList(columns)} ${which === 'all of ' ? 'are' : 'is'} missing`;
  },
  check: ({ columns }, schema) => problemsOfColumns(schema, columns, { field: 'columns' }),
  map: ({ columns, when }, schema) => {
    const names = columns.length > 0 ? columns : schema.map(({ name }) => name);
    const missing = names.map((name) => `${quoteName(name)} IS NULL`);
    return { columns: schema.map(unchanged), leaves: `(${missing.join(when === 'any' ? ' OR ' : ' AND ')})` };
  },
});
