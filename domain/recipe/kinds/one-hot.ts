import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { learnColumns, learnedColumns, learnedWords, type OfColumn, ofColumn } from '../learned-columns.ts';
import { countedLevels, type Level } from '../levels.ts';
import { quoteName, quoteText, quoteTexts } from '../sql-text.ts';
import type { MadeColumn } from '../step-kind.ts';
import { sameName, type TableSchema } from '../table-schema.ts';
import { columnList, freeName } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  most: z.int().min(1).max(1000).default(20),
  others: z.enum(['together', 'none']).default('together'),
});

type Settings = z.infer<typeof settings>;

interface Levels extends OfColumn {
  levels: Level<number>[];
  /** Whether the training rows had more of them than are told apart. */
  more: boolean;
}

const MOST_NAME = 60;

export const oneHot = defineStep<Settings>({
  name: 'one-hot',
  title: 'One-hot encode',
  group: 'categories',
  help: 'Makes one column of 0 and 1 for each of the most frequent values; a row without a value has 0 in all of them.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR', 'BOOLEAN', 'BIGINT'] },
    { name: 'most', title: 'How many values at most', input: 'number' },
    {
      name: 'others',
      title: 'All other values',
      input: 'choice',
      choices: [
        { value: 'together', title: 'share one column' },
        { value: 'none', title: 'have 0 everywhere' },
      ],
    },
  ],
  sentence: ({ columns, most, others }) =>
    `One-hot encode ${columnList(columns)}: the ${most} most frequent values${others === 'together' ? ', all others together' : ''}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['VARCHAR', 'BOOLEAN', 'BIGINT'],
      wrong: (name, type) => `“${name}” cannot be one-hot encoded: it is ${type}.`,
      instead: 'Take the column out of this step, or put it into bins before.',
    }),
  fit: ({ columns, most }, _schema, before) =>
    learnColumns(columns, (column) => {
      const counted = countedLevels(column, before, most + 1);
      return { levels: `${counted}[1:${most}]`, more: `len(${counted}) > ${most}` };
    }),
  map: ({ columns, others }, schema, learned) => {
    const made: MadeColumn[] = [];
    for (const column of schema) {
      const found = columns.some((name) => sameName(name, column.name))
        ? ofColumn(learnedColumns<Levels>(learned), column.name)
        : undefined;
      if (!found) {
        made.push(unchanged(column));
        continue;
      }
      const text = `CAST(${quoteName(column.name)} AS VARCHAR)`;
      const levels = found.levels.map(({ level }) => level);
      const add = (word: string, condition: string) => {
        const name = nameOf([...schema, ...made], column.name, word);
        made.push({ name, type: 'BIGINT', sql: `CASE WHEN ${condition} THEN 1 ELSE 0 END` });
      };
      for (const level of levels) add(level, `${text} = ${quoteText(level)}`);
      if (others === 'together') {
        const other = levels.length === 0 ? 'true' : `NOT list_contains(${quoteTexts(levels)}, ${text})`;
        add('other', `${text} IS NOT NULL AND ${other}`);
      }
    }
    return { columns: made };
  },
  learnedSentence: (_settings, learned) =>
    learnedWords(learnedColumns<Levels>(learned), ({ levels, more }) => {
      const first = levels.slice(0, 5).map(({ level }) => level);
      return `${first.join(', ')}${levels.length > 5 ? ` and ${levels.length - 5} more` : ''}${more ? ', and others' : ''}`;
    }),
});

/** Any text may be a value; what a name is made of is letters, digits and a few marks, and no name is there twice. */
function nameOf(taken: TableSchema, column: string, word: string): string {
  const plain = word.normalize('NFC').replaceAll(/[^\p{L}\p{M}\p{N}.+-]+/gu, '_');
  return freeName(taken, `${column}_${Array.from(plain).slice(0, MOST_NAME).join('')}`);
}
