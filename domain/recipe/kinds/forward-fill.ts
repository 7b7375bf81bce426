import { z } from 'zod';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { rowOrder, withOrder } from '../row-order.ts';
import { quoteName } from '../sql-text.ts';
import { sameName } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  order: z.string().min(1, 'Choose the column that says which row comes after which.'),
  group: z.string().default(''),
});

export const forwardFill = defineStep<z.infer<typeof settings>>({
  name: 'forward-fill',
  title: 'Fill from the row before',
  group: 'missing',
  help: 'Puts the last value that was there where there is none. Rows without a place in the order stay as they are. It belongs to training only: a row to predict has no row before it.',
  reach: 'table',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns' },
    { name: 'order', title: 'In the order of', input: 'column' },
    { name: 'group', title: 'Within groups of', input: 'column', optional: true },
  ],
  sentence: ({ columns, order, group }) =>
    `Fill missing ${columnList(columns)} from the row before, by “${order}”${group ? ` within each “${group}”` : ''}`,
  check: ({ columns, order, group }, schema) => {
    const problems = [
      ...problemsOfColumns(schema, columns, { field: 'columns' }),
      ...problemsOfColumns(schema, [order], { field: 'order' }),
      ...(group ? problemsOfColumns(schema, [group], { field: 'group' }) : []),
    ];
    const itself = columns.find((name) => sameName(name, order) || sameName(name, group));
    if (itself !== undefined) {
      problems.push({
        field: 'columns',
        column: itself,
        message: `“${itself}” cannot be filled by an order or within groups that it makes itself.`,
        instead: 'Take it out of the columns, or choose another order or group.',
      });
    }
    return problems;
  },
  shape: ({ columns, order, group }, schema) => {
    const window = `OVER (${group ? `PARTITION BY ${quoteName(group)} ` : ''}ORDER BY ${quoteName(order)} ASC NULLS LAST, ${rowOrder} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`;
    const filled = columns.map((name) => {
      const quoted = quoteName(name);
      return `CASE WHEN ${quoteName(order)} IS NULL THEN ${quoted} ELSE last_value(${quoted} IGNORE NULLS) ${window} END AS ${quoted}`;
    });
    return {
      columns: [...schema],
      keepsRows: true,
      sql: (before) => `SELECT * REPLACE (${filled.join(', ')}) FROM ${withOrder(before)} ORDER BY ${rowOrder}`,
    };
  },
});
