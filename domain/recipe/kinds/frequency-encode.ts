import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { learnColumns, learnedColumns, learnedWords, type OfColumn, ofColumn } from '../learned-columns.ts';
import { countedLevels, type Level, tooManyLevels, valueOfLevel } from '../levels.ts';
import { quoteName } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  as: z.enum(['share', 'count']).default('share'),
});

interface Counts extends OfColumn {
  levels: Level<number>[];
  rows: number;
}

export const frequencyEncode = defineStep<z.infer<typeof settings>>({
  name: 'frequency-encode',
  title: 'Encode by frequency',
  group: 'categories',
  help: 'Replaces each value by how many training rows have it. A new value gets 0; a missing one stays missing.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR', 'BOOLEAN', 'BIGINT'] },
    {
      name: 'as',
      title: 'As',
      input: 'choice',
      choices: [
        { value: 'share', title: 'a share of the rows that have a value' },
        { value: 'count', title: 'a number of rows' },
      ],
    },
  ],
  sentence: ({ columns, as }) =>
    `Replace ${columnList(columns)} by the ${as === 'share' ? 'share' : 'number'} of rows that have the value`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['VARCHAR', 'BOOLEAN', 'BIGINT'],
      wrong: (name, type) => `“${name}” cannot be encoded by frequency: it is ${type}.`,
      instead: 'Take the column out of this step, or put it into bins before.',
    }),
  fit: ({ columns }, _schema, before) =>
    learnColumns(columns, (column) => ({
      levels: countedLevels(column, before),
      rows: `(SELECT count(${quoteName(column)}) FROM ${before})`,
    })),
  refuses: (_settings, learned) =>
    learnedColumns<Counts>(learned).flatMap(({ column, levels }) => tooManyLevels(column, levels)),
  map: ({ columns, as }, schema, learned) =>
    changeColumns(schema, columns, ({ name, quoted }) => {
      const { levels, rows } = ofColumn(learnedColumns<Counts>(learned), name) ?? { levels: [], rows: 0 };
      const type = as === 'share' ? 'DOUBLE' : 'BIGINT';
      const values = levels.map(({ level, value }) => ({ level, value: as === 'share' ? value / rows : value }));
      const known = valueOfLevel(quoted, values, type);
      return { type, sql: `CASE WHEN ${quoted} IS NOT NULL THEN coalesce(${known}, 0) END` };
    }),
  learnedSentence: (_settings, learned) =>
    learnedWords(learnedColumns<Counts>(learned), ({ levels }) => {
      const first = levels.slice(0, 3).map(({ level, value }) => `${level} ${value} times`);
      return `${first.join(', ')}${levels.length > 3 ? ' …' : ''}`;
    }),
});
