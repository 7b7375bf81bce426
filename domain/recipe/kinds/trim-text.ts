import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { changeColumns } from '../change-columns.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  letters: z.enum(['as they are', 'lower', 'upper']).default('as they are'),
});

export const trimText = defineStep<z.infer<typeof settings>>({
  name: 'trim-text',
  title: 'Trim and change case',
  group: 'text',
  help: 'Takes away blanks at both ends, makes several blanks in a row one, and makes letters small or large if wanted.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR'] },
    {
      name: 'letters',
      title: 'Letters',
      input: 'choice',
      choices: [
        { value: 'as they are', title: 'as they are' },
        { value: 'lower', title: 'all small' },
        { value: 'upper', title: 'all large' },
      ],
    },
  ],
  sentence: ({ columns, letters }) =>
    `Trim ${letters === 'as they are' ? '' : `and make ${letters === 'lower' ? 'small' : 'large'} `}${columnList(columns)}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['VARCHAR'],
      wrong: (name, type) => `“${name}” cannot be trimmed: it is ${type}, not text.`,
      instead: 'Take the column out of this step, or change its type to text before.',
    }),
  map: ({ columns, letters }, schema) =>
    changeColumns(schema, columns, ({ quoted }) => {
      const trimmed = `nullif(trim(regexp_replace(${quoted}, '\\s+', ' ', 'g')), '')`;
      return letters === 'as they are' ? trimmed : `${letters}(${trimmed})`;
    }),
});
