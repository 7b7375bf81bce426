import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { quoteName } from '../sql-text.ts';
import { sameName } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  /** All when there are none. */
  columns: z.array(z.string().min(1)).max(10_000).default([]),
  when: z.enum(['any', 'all']).default('any'),
});

type Settings = z.infer<typeof settings> & {
  /** Of every column: those that rows to predict lack. */
  gone?: readonly string[];
};

export const dropMissing = defineStep<Settings>({
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
  check: ({ columns }, schema) => problemsOfColumns(schema, columns, { field: 'columns', images: true }),
  map: ({ columns, when, gone = [] }, schema) => {
    const names = (columns.length > 0 ? columns : schema.map(({ name }) => name)).filter((name) => !isIn(gone, name));
    const missing = names.map((name) => `${quoteName(name)} IS NULL`);
    const kept = { columns: schema.map(unchanged) };
    return missing.length === 0 ? kept : { ...kept, leaves: `(${missing.join(when === 'any' ? ' OR ' : ' AND ')})` };
  },
  // A row with a label never lacked all of them: so none is left out, or rows like those learned from would be.
  withoutColumns: (chosen, gone) => {
    const { columns, when } = chosen;
    const left = columns.filter((name) => !isIn(gone, name));
    if (columns.length > 0 && left.length === columns.length) return chosen;
    if (when === 'all') return null;
    if (columns.length === 0) return { ...chosen, gone };
    return left.length > 0 ? { ...chosen, columns: left } : null;
  },
});

const isIn = (names: readonly string[], name: string): boolean => names.some((each) => sameName(each, name));
