import { z } from 'zod';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { quoteName } from '../sql-text.ts';
import { rowNumber } from '../step-kind.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  order: z.enum(['up', 'down']).default('up'),
});

export const sortRows = defineStep<z.infer<typeof settings>>({
  name: 'sort-rows',
  title: 'Sort',
  group: 'rows',
  help: 'Brings the rows into the order of one or more columns; rows without a value come last.',
  reach: 'table',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'By', input: 'columns' },
    {
      name: 'order',
      title: 'Order',
      input: 'choice',
      choices: [
        { value: 'up', title: 'smallest first' },
        { value: 'down', title: 'largest first' },
      ],
    },
  ],
  sentence: ({ columns, order }) => `Sort by ${columnList(columns)}, ${order === 'up' ? 'smallest' : 'largest'} first`,
  check: ({ columns }, schema) => problemsOfColumns(schema, columns, { field: 'columns' }),
  shape: ({ columns, order }, schema) => ({
    columns: [...schema],
    keepsRows: true,
    sql: (before) =>
      `SELECT * FROM ${before} ORDER BY ${columns.map((name) => `${quoteName(name)} ${order === 'up' ? 'ASC' : 'DESC'} NULLS LAST`).join(', ')}, ${rowNumber}`,
  }),
});
