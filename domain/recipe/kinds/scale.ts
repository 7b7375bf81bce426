import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { exactDeviation, exactMean } from '../exact-sums.ts';
import {
  learnColumns,
  learnColumnsBy,
  learnedColumns,
  learnedWords,
  type OfColumn,
  ofColumn,
  shortNumber,
} from '../learned-columns.ts';
import { quoteName, quoteNumber } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  by: z.enum(['standard', 'range', 'robust']).default('standard'),
});

/** Each value becomes (value − middle) / width. */
interface Scale extends OfColumn {
  middle: number | null;
  width: number | null;
}

const words = {
  standard: 'to mean 0 and deviation 1',
  range: 'to the range from 0 to 1',
  robust: 'to median 0 and a middle half of width 1',
};

export const scale = defineStep<z.infer<typeof settings>>({
  name: 'scale',
  title: 'Scale',
  group: 'numbers',
  help: 'Brings numbers of different sizes to one size, as it was among the training rows. A column of one value becomes 0.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    {
      name: 'by',
      title: 'To',
      input: 'choice',
      choices: [
        { value: 'standard', title: 'mean 0, deviation 1' },
        { value: 'range', title: 'the range from 0 to 1' },
        { value: 'robust', title: 'median 0, middle half 1 (outliers count little)' },
      ],
    },
  ],
  sentence: ({ columns, by }) => `Scale ${columnList(columns)} ${words[by]}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['BIGINT', 'DOUBLE'],
      wrong: (name, type) => `“${name}” cannot be scaled: it is ${type}, not a number.`,
      instead: 'Take the column out of this step, or change its type to a number before.',
    }),
  fit: ({ columns, by }, _schema, before) => {
    const asDouble = (column: string) => `CAST(${quoteName(column)} AS DOUBLE)`;
    if (by === 'standard') {
      const meanOf = (column: string) => exactMean(asDouble(column), before);
      return learnColumnsBy(meanOf, columns, (column, mean) => ({
        middle: mean,
        width: exactDeviation(asDouble(column), mean, before),
      }));
    }
    return learnColumns(columns, (column) => {
      const value = asDouble(column);
      const of = (aggregate: string) => `(SELECT ${aggregate} FILTER (isfinite(${value})) FROM ${before})`;
      const [low, high] =
        by === 'range'
          ? [of(`min(${value})`), of(`max(${value})`)]
          : [of(`quantile_cont(${value}, 0.25)`), of(`quantile_cont(${value}, 0.75)`)];
      return { middle: by === 'range' ? low : of(`median(${value})`), width: `${high} - ${low}` };
    });
  },
  map: ({ columns }, schema, learned) =>
    changeColumns(schema, columns, ({ name, quoted }) => {
      const { middle, width } = ofColumn(learnedColumns<Scale>(learned), name) ?? { middle: null, width: null };
      // Without a value to learn from, no value can be told large or small.
      if (middle === null || width === null) return { type: 'DOUBLE', sql: 'CAST(NULL AS DOUBLE)' };
      const moved = `(CAST(${quoted} AS DOUBLE) - ${quoteNumber(middle)})`;
      return { type: 'DOUBLE', sql: width > 0 ? `${moved} / ${quoteNumber(width)}` : moved };
    }),
  learnedSentence: (_settings, learned) =>
    learnedWords(
      learnedColumns<Scale>(learned),
      ({ middle, width }) => `middle ${shortNumber(middle)}, width ${shortNumber(width)}`,
    ),
});
