import { z } from 'zod';
import { addColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { problemsOfNewNames } from '../new-columns.ts';
import { newName, plainText, someColumns } from '../setting-schemas.ts';
import { quoteText } from '../sql-text.ts';
import { findColumn } from '../table-schema.ts';
import { textOf } from '../text-of.ts';
import { quoteName } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: someColumns.max(100, 'At most 100 columns can be combined.'),
  separator: plainText(100).default(' '),
  name: newName,
});

export const combineText = defineStep<z.infer<typeof settings>>({
  name: 'combine-text',
  title: 'Combine into text',
  group: 'text',
  help: 'Adds a text made of several columns, in the order in which they are chosen; what is missing is passed over.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns' },
    { name: 'separator', title: 'Between them', input: 'text', optional: true },
    { name: 'name', title: 'Name of the new column', input: 'text' },
  ],
  sentence: ({ columns, separator, name }) =>
    `“${name}”: ${columnList(columns)} with ${separator === '' ? 'nothing' : `“${separator}”`} between them`,
  check: ({ columns, name }, schema) => [
    ...problemsOfColumns(schema, columns, { field: 'columns' }),
    ...problemsOfNewNames(schema, [name], 'name'),
  ],
  map: ({ columns, separator, name }, schema) => {
    const texts = columns.map((each) => textOf(quoteName(each), findColumn(schema, each)?.type ?? null));
    return addColumns(schema, [
      { name, type: 'VARCHAR', sql: `nullif(concat_ws(${quoteText(separator)}, ${texts.join(', ')}), '')` },
    ]);
  },
});
