import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { learnColumns, learnedColumns, learnedWords, type OfColumn, ofColumn } from '../learned-columns.ts';
import { countedLevels, type Level, placeOf, tooManyLevels } from '../levels.ts';
import { plainText } from '../setting-schemas.ts';
import { quoteName } from '../sql-text.ts';
import { findColumn } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z
  .object({
    columns: z.array(z.string()).min(1, 'Choose at least one column.'),
    order: z.enum(['frequency', 'given']).default('frequency'),
    /** From the least to the greatest. */
    levels: z.array(plainText(1000).min(1, 'A value is empty.')).max(1000).default([]),
  })
  .refine(({ order, levels }) => order === 'frequency' || levels.length > 0, {
    message: 'Write the values in their order.',
    path: ['levels'],
  })
  .refine(({ levels }) => new Set(levels).size === levels.length, {
    message: 'A value is there twice.',
    path: ['levels'],
  });

type Settings = z.infer<typeof settings>;

interface Levels extends OfColumn {
  levels: Level<number>[];
}

export const ordinalEncode = defineStep<Settings>({
  name: 'ordinal-encode',
  title: 'Number the values',
  group: 'categories',
  help: 'Replaces each value by its place, from 0: in an order that you give, or the most frequent first. A value that has no place cannot be treated.',
  reach: 'fitted',
  canFail: true,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR', 'BOOLEAN', 'BIGINT'] },
    {
      name: 'order',
      title: 'In the order',
      input: 'choice',
      choices: [
        { value: 'frequency', title: 'most frequent first' },
        { value: 'given', title: 'that I give' },
      ],
    },
    { name: 'levels', title: 'Values in their order', input: 'texts', when: { field: 'order', is: ['given'] } },
  ],
  sentence: ({ columns, order, levels }) =>
    `Number the values of ${columnList(columns)} ${order === 'given' ? `in the order ${columnList(levels)}` : 'by how frequent they are'}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['VARCHAR', 'BOOLEAN', 'BIGINT'],
      wrong: (name, type) => `The values of “${name}” cannot be numbered: it is ${type}.`,
      instead: 'Take the column out of this step, or put it into bins.',
    }),
  fit: ({ columns, order }, _schema, before) =>
    order === 'given'
      ? `SELECT CAST('null' AS JSON) AS learned`
      : learnColumns(columns, (column) => ({ levels: countedLevels(column, before) })),
  refuses: (_settings, learned) =>
    learnedColumns<Levels>(learned).flatMap(({ column, levels }) => tooManyLevels(column, levels)),
  map: ({ columns, order, levels }, schema, learned) => {
    const place = (name: string) => {
      const known =
        order === 'given'
          ? levels
          : (ofColumn(learnedColumns<Levels>(learned), name)?.levels ?? []).map(({ level }) => level);
      return placeOf(quoteName(name), known);
    };
    const unknown = columns
      .flatMap((name) => findColumn(schema, name) ?? [])
      .map(({ name }) => `(${quoteName(name)} IS NOT NULL AND ${place(name)} IS NULL)`);
    return {
      ...changeColumns(schema, columns, ({ name }) => ({ type: 'BIGINT', sql: `${place(name)} - 1` })),
      fails: unknown.join(' OR '),
    };
  },
  learnedSentence: ({ order }, learned) =>
    order === 'given'
      ? ''
      : learnedWords(learnedColumns<Levels>(learned), ({ levels }) => {
          const first = levels.slice(0, 5).map(({ level }, n) => `${level} = ${n}`);
          return `${first.join(', ')}${levels.length > 5 ? ' …' : ''}`;
        }),
});
