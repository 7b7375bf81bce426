import { z } from 'zod';
import { defineStep } from '../define-step.ts';
import { rowOrder, withOrder } from '../row-order.ts';
import { rowNumber } from '../step-kind.ts';

const settings = z.object({
  by: z.enum(['rows', 'share']).default('rows'),
  rows: z.int().min(1).max(1_000_000_000).default(10_000),
  share: z.number().positive().max(1).default(0.1),
  seed: z.int().min(0).max(1_000_000_000).default(0),
});

export const sampleRows = defineStep<z.infer<typeof settings>>({
  name: 'sample-rows',
  title: 'Sample',
  group: 'rows',
  help: 'Keeps rows drawn by lot, in their order: always the same ones for the same seed. A share is drawn row by row, so that it comes out about right.',
  reach: 'table',
  canFail: false,
  settings,
  fields: [
    {
      name: 'by',
      title: 'Keep',
      input: 'choice',
      choices: [
        { value: 'rows', title: 'a number of rows' },
        { value: 'share', title: 'a share of the rows' },
      ],
    },
    { name: 'rows', title: 'Rows', input: 'number', when: { field: 'by', is: ['rows'] } },
    { name: 'share', title: 'Share', input: 'number', when: { field: 'by', is: ['share'] } },
    { name: 'seed', title: 'Seed', help: 'Another number draws other rows.', input: 'number' },
  ],
  sentence: ({ by, rows, share }) =>
    by === 'rows'
      ? `Keep ${rows.toLocaleString('en-US')} rows drawn by lot`
      : `Keep about ${Number((share * 100).toPrecision(4))} % of the rows, drawn by lot`,
  check: () => [],
  shape: ({ by, rows, share, seed }, schema) => {
    const lot = `hash(${rowNumber}, CAST(${seed} AS BIGINT))`;
    // Places only are sorted and looked for, not whole rows: and, unlike a window over all rows, by what can spill.
    const drawn = (rowsOf: string) => `SELECT ${rowOrder} FROM ${rowsOf} ORDER BY ${lot}, ${rowOrder} LIMIT ${rows}`;
    return {
      columns: [...schema],
      keepsRows: true,
      sql: (before) =>
        by === 'share'
          ? `SELECT * FROM ${before} WHERE CAST(${lot} AS DOUBLE) < CAST('${share}' AS DOUBLE) * pow(2.0, 64)`
          : `SELECT * FROM ${withOrder(before)} WHERE ${rowOrder} IN (${drawn(withOrder(before))}) ORDER BY ${rowOrder}`,
    };
  },
});
