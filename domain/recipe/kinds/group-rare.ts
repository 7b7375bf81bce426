import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { learnColumns, learnedColumns, learnedWords, type OfColumn, ofColumn } from '../learned-columns.ts';
import { countedLevels, type Level, MOST_LEVELS, placeOf } from '../levels.ts';
import { plainText } from '../setting-schemas.ts';
import { quoteName, quoteNumber, quoteText } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  by: z.enum(['share', 'count']).default('share'),
  /** A value that fewer rows have is rare. */
  share: z.number().positive().max(1).default(0.01),
  count: z.int().min(1).max(1_000_000_000).default(10),
  word: plainText(100).trim().min(1, 'Write a word for the rare values.').default('other'),
});

type Settings = z.infer<typeof settings>;

interface Frequent extends OfColumn {
  levels: Level<number>[];
  all: number;
}

export const groupRare = defineStep<Settings>({
  name: 'group-rare',
  title: 'Group rare values',
  group: 'categories',
  help: `Puts one word in the place of values that few training rows have, and of values that are new. At most the ${MOST_LEVELS.toLocaleString('en-US')} most frequent ones stay.`,
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['VARCHAR'] },
    {
      name: 'by',
      title: 'Rare is',
      input: 'choice',
      choices: [
        { value: 'share', title: 'below a share of the rows that have a value' },
        { value: 'count', title: 'below a number of rows' },
      ],
    },
    { name: 'share', title: 'Share', input: 'number', when: { field: 'by', is: ['share'] } },
    { name: 'count', title: 'Rows', input: 'number', when: { field: 'by', is: ['count'] } },
    { name: 'word', title: 'Word for them', input: 'text' },
  ],
  sentence: ({ columns, by, share, count, word }) =>
    `Make values of ${columnList(columns)} “${word}” that ${by === 'share' ? `less than ${Number((share * 100).toPrecision(4))} % of the rows` : `fewer than ${count} rows`} have`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['VARCHAR'],
      wrong: (name, type) => `The values of “${name}” cannot be grouped: it is ${type}, not text.`,
      instead: 'Take the column out of this step, or change its type to text before.',
    }),
  fit: ({ columns, by, share, count }, _schema, before) =>
    learnColumns(columns, (column) => {
      const name = quoteName(column);
      const enough =
        by === 'count'
          ? `count(*) >= ${count}`
          : `CAST(count(*) AS DOUBLE) >= ${quoteNumber(share)} * (SELECT count(${name}) FROM ${before})`;
      return {
        levels: countedLevels(column, before, MOST_LEVELS, enough),
        all: `(SELECT count(DISTINCT ${name}) FROM ${before})`,
      };
    }),
  map: ({ columns, word }, schema, learned) =>
    changeColumns(schema, columns, ({ name, quoted }) => {
      const levels = (ofColumn(learnedColumns<Frequent>(learned), name)?.levels ?? []).map(({ level }) => level);
      return `CASE WHEN ${quoted} IS NULL OR ${placeOf(quoted, levels)} IS NOT NULL THEN ${quoted} ELSE ${quoteText(word)} END`;
    }),
  learnedSentence: (_settings, learned) =>
    learnedWords(learnedColumns<Frequent>(learned), ({ levels, all }) => `${levels.length} of ${all} values stay`),
});
