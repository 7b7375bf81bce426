import { z } from 'zod';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { rowOrder, withOrder } from '../row-order.ts';
import { quoteName } from '../sql-text.ts';
import { findColumn, isImage, type TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  /** Rows that are alike in these are duplicates; in every column when there are none. */
  columns: z.array(z.string()).default([]),
  keep: z.enum(['first', 'last']).default('first'),
});

export const dropDuplicates = defineStep<z.infer<typeof settings>>({
  name: 'drop-duplicates',
  title: 'Drop duplicates',
  group: 'rows',
  help: 'Keeps one of the rows that are alike, in all columns or in some. Missing values are alike, too.',
  reach: 'table',
  canFail: false,
  settings,
  fields: [
    {
      name: 'columns',
      title: 'Alike in',
      help: 'Every column, when none is chosen.',
      input: 'columns',
      optional: true,
    },
    {
      name: 'keep',
      title: 'Keep',
      input: 'choice',
      choices: [
        { value: 'first', title: 'the first of them' },
        { value: 'last', title: 'the last of them' },
      ],
    },
  ],
  sentence: ({ columns, keep }) =>
    `Of rows that are alike${columns.length > 0 ? ` in ${columnList(columns)}` : ''} keep the ${keep}`,
  check: ({ columns }, schema) => problemsOfColumns(schema, columns, { field: 'columns', images: true }),
  shape: ({ columns, keep }, schema) => {
    const names = columns.length > 0 ? columns : schema.map(({ name }) => name);
    const alike = names.map((name) => comparable(name, schema)).join(', ');
    return {
      columns: [...schema],
      keepsRows: true,
      // A grouping can spill where a window over as many groups cannot.
      sql: (before) =>
        `SELECT * FROM ${withOrder(before)} WHERE ${rowOrder} IN (SELECT ${keep === 'last' ? 'max' : 'min'}(${rowOrder}) FROM ${withOrder(before)} GROUP BY ${alike}) ORDER BY ${rowOrder}`,
    };
  },
});

/** A grouping by images would hold each of them. */
function comparable(name: string, schema: TableSchema): string {
  const column = findColumn(schema, name);
  return column && isImage(column) ? `md5(${quoteName(name)})` : quoteName(name);
}
