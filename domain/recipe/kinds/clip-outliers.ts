import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { exactDeviation, exactMean } from '../exact-sums.ts';
import {
  learnColumnsBy,
  learnedColumns,
  learnedWords,
  type OfColumn,
  ofColumn,
  shortNumber,
} from '../learned-columns.ts';
import { quoteName, quoteNumber, quoteText } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z
  .object({
    columns: z.array(z.string()).min(1, 'Choose at least one column.'),
    by: z.enum(['quantiles', 'middle half', 'deviations']).default('quantiles'),
    low: z.number().min(0).max(1).default(0.01),
    high: z.number().min(0).max(1).default(0.99),
    times: z.number().positive().max(1000).default(3),
    then: z.enum(['clip', 'empty', 'drop']).default('clip'),
  })
  .refine(({ low, high }) => low < high, { message: 'The lower share must be below the upper one.', path: ['low'] });

type Settings = z.infer<typeof settings>;

interface Bounds extends OfColumn {
  low: number | null;
  high: number | null;
}

const percent = (share: number) => `${shortNumber(share * 100)} %`;
/** Beyond it no bound is a whole number of the data engine, and no such number is out of bounds. */
const MOST_WHOLE = 2 ** 63;

export const clipOutliers = defineStep<Settings>({
  name: 'clip-outliers',
  title: 'Clip or drop outliers',
  group: 'numbers',
  help: 'Learns from the training rows which values are usual, and brings the others to the nearest usual one, empties them, or leaves their rows out.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    {
      name: 'by',
      title: 'Usual is',
      input: 'choice',
      choices: [
        { value: 'quantiles', title: 'what lies between two shares of the rows' },
        { value: 'middle half', title: 'not far from the middle half (IQR)' },
        { value: 'deviations', title: 'within some standard deviations of the mean' },
      ],
    },
    { name: 'low', title: 'From the share', input: 'number', when: { field: 'by', is: ['quantiles'] } },
    { name: 'high', title: 'To the share', input: 'number', when: { field: 'by', is: ['quantiles'] } },
    {
      name: 'times',
      title: 'How many times its width',
      input: 'number',
      when: { field: 'by', is: ['middle half', 'deviations'] },
    },
    {
      name: 'then',
      title: 'Others are',
      input: 'choice',
      choices: [
        { value: 'clip', title: 'brought to the nearest usual value' },
        { value: 'empty', title: 'left empty' },
        { value: 'drop', title: 'left out with their row' },
      ],
    },
  ],
  sentence: ({ columns, by, low, high, times, then }) => {
    const usual = {
      quantiles: `outside ${percent(low)} to ${percent(high)} of the rows`,
      'middle half': `more than ${times} × the middle half away from it`,
      deviations: `more than ${times} deviations from the mean`,
    }[by];
    const list = columnList(columns);
    if (then === 'drop') return `Leave out rows where ${list} is ${usual}`;
    return then === 'clip' ? `Clip ${list} where it is ${usual}` : `Empty ${list} where it is ${usual}`;
  },
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['BIGINT', 'DOUBLE'],
      wrong: (name, type) => `“${name}” has no outliers: it is ${type}, not a number.`,
      instead: 'Take the column out of this step, or change its type to a number before.',
    }),
  fit: ({ columns, by, low, high, times }, _schema, before) => {
    const far = quoteNumber(times);
    const asDouble = (column: string) => `CAST(${quoteName(column)} AS DOUBLE)`;
    if (by === 'deviations') {
      const meanOf = (column: string) => exactMean(asDouble(column), before);
      return learnColumnsBy(meanOf, columns, (column, mean) => {
        const deviation = exactDeviation(asDouble(column), mean, before);
        return { low: `${mean} - ${far} * ${deviation}`, high: `${mean} + ${far} * ${deviation}` };
      });
    }
    const shares = by === 'quantiles' ? [low, high] : [0.25, 0.75];
    const listed = `[${shares.map((share) => `${quoteText(String(share))}::DOUBLE`).join(', ')}]`;
    const quantilesOf = (column: string) =>
      `(SELECT quantile_cont(${asDouble(column)}, ${listed}) FILTER (isfinite(${asDouble(column)})) FROM ${before})`;
    return learnColumnsBy(quantilesOf, columns, (_column, quantiles) => {
      const [lower, upper] = [`${quantiles}[1]`, `${quantiles}[2]`];
      if (by === 'quantiles') return { low: lower, high: upper };
      const width = `${far} * (${upper} - ${lower})`;
      return { low: `${lower} - ${width}`, high: `${upper} + ${width}` };
    });
  },
  map: ({ columns, then }, schema, learned) => {
    const boundsOf = (name: string) => {
      const { low, high } = ofColumn(learnedColumns<Bounds>(learned), name) ?? { low: null, high: null };
      return low === null || high === null ? undefined : { low, high };
    };
    const isOut = (quoted: string, { low, high }: { low: number; high: number }) => {
      const value = `CAST(${quoted} AS DOUBLE)`;
      return `(NOT isnan(${value}) AND (${value} < ${quoteNumber(low)} OR ${value} > ${quoteNumber(high)}))`;
    };
    const mapping = changeColumns(schema, columns, ({ name, quoted, type }) => {
      const bounds = boundsOf(name);
      if (!bounds || then === 'drop') return quoted;
      const out = isOut(quoted, bounds);
      if (then === 'empty') return `CASE WHEN ${out} THEN NULL ELSE ${quoted} END`;
      const value = `CAST(${quoted} AS DOUBLE)`;
      const nearest = `CASE WHEN ${value} < ${quoteNumber(bounds.low)} THEN ${bound(bounds.low, type, Math.ceil)} ELSE ${bound(bounds.high, type, Math.floor)} END`;
      return `CASE WHEN ${out} THEN ${nearest} ELSE ${quoted} END`;
    });
    if (then !== 'drop') return mapping;
    const out = schema.flatMap(({ name }) => {
      const bounds = columns.some((each) => each.toLowerCase() === name.toLowerCase()) ? boundsOf(name) : undefined;
      return bounds ? [`coalesce(${isOut(quoteName(name), bounds)}, false)`] : [];
    });
    return out.length === 0 ? mapping : { ...mapping, leaves: out.join(' OR ') };
  },
  learnedSentence: (_settings, learned) =>
    learnedWords(
      learnedColumns<Bounds>(learned),
      ({ low, high }) => `usual from ${shortNumber(low)} to ${shortNumber(high)}`,
    ),
});

/** Whole numbers stay whole, and inside the bounds. */
function bound(value: number, type: string, inwards: (value: number) => number): string {
  if (type !== 'BIGINT') return quoteNumber(value);
  const whole = inwards(value);
  return Math.abs(whole) < MOST_WHOLE ? `CAST('${BigInt(whole)}' AS BIGINT)` : 'NULL';
}
