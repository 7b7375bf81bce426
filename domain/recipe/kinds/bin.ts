import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import {
  learnColumns,
  learnedColumns,
  learnedWords,
  type OfColumn,
  ofColumn,
  shortNumber,
} from '../learned-columns.ts';
import { quoteName, quoteNumber, quoteText } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: z.array(z.string()).min(1, 'Choose at least one column.'),
  by: z.enum(['equal counts', 'equal width']).default('equal counts'),
  bins: z.int().min(2).max(100).default(5),
  as: z.enum(['number', 'words']).default('number'),
});

/** Where one bin ends and the next begins, which has the edge itself. */
interface Edges extends OfColumn {
  edges: number[] | null;
}

export const bin = defineStep<z.infer<typeof settings>>({
  name: 'bin',
  title: 'Bin',
  group: 'numbers',
  help: 'Puts numbers into few bins, whose edges are learned from the training rows; values beyond go into the first and the last.',
  reach: 'fitted',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    {
      name: 'by',
      title: 'Into bins of',
      input: 'choice',
      choices: [
        { value: 'equal counts', title: 'about as many rows each' },
        { value: 'equal width', title: 'the same width' },
      ],
    },
    { name: 'bins', title: 'How many', input: 'number' },
    {
      name: 'as',
      title: 'Written as',
      input: 'choice',
      choices: [
        { value: 'number', title: 'the number of the bin, from 0' },
        { value: 'words', title: 'words: “10 to 20”' },
      ],
    },
  ],
  sentence: ({ columns, by, bins }) =>
    `Put ${columnList(columns)} into ${bins} bins of ${by === 'equal width' ? 'the same width' : 'about as many rows each'}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      types: ['BIGINT', 'DOUBLE'],
      wrong: (name, type) => `“${name}” cannot be put into bins: it is ${type}, not a number.`,
      instead: 'Take the column out of this step, or change its type to a number before.',
    }),
  fit: ({ columns, by, bins }, _schema, before) =>
    learnColumns(columns, (column) => {
      const value = `CAST(${quoteName(column)} AS DOUBLE)`;
      const inner = Array.from({ length: bins - 1 }, (_, n) => (n + 1) / bins);
      const aggregate =
        by === 'equal counts'
          ? `quantile_cont(${value}, [${inner.map((share) => `CAST(${quoteText(String(share))} AS DOUBLE)`).join(', ')}]) FILTER (isfinite(${value}))`
          : `CASE WHEN max(${value}) FILTER (isfinite(${value})) IS NOT NULL THEN [${inner
              .map((_, n) => {
                const [low, high] = ['min', 'max'].map((end) => `${end}(${value}) FILTER (isfinite(${value}))`);
                return `${low} + (${high} - ${low}) * ${n + 1} / ${bins}`;
              })
              .join(', ')}] END`;
      return { edges: `(SELECT list_sort(list_distinct(${aggregate})) FROM ${before})` };
    }),
  map: ({ columns, as }, schema, learned) =>
    changeColumns(schema, columns, ({ name, quoted }) => {
      const edges = ofColumn(learnedColumns<Edges>(learned), name)?.edges ?? null;
      const type = as === 'number' ? 'BIGINT' : 'VARCHAR';
      if (edges === null) return { type, sql: `CAST(NULL AS ${type})` };
      const value = `CAST(${quoted} AS DOUBLE)`;
      const named = (n: number) => (as === 'number' ? String(n) : quoteText(binWords(edges, n)));
      const cases = edges.map((edge, n) => `WHEN ${value} < ${quoteNumber(edge)} THEN ${named(n)}`);
      return {
        type,
        sql: `CASE WHEN ${quoted} IS NULL OR isnan(${value}) THEN NULL ${cases.join(' ')} ELSE ${named(edges.length)} END`,
      };
    }),
  learnedSentence: (_settings, learned) =>
    learnedWords(learnedColumns<Edges>(learned), ({ edges }) =>
      edges === null
        ? 'no value to learn from'
        : `edges ${edges.slice(0, 4).map(shortNumber).join(', ')}${edges.length > 4 ? ' …' : ''}`,
    ),
});

/** Two bins never have the same words: with four digits they might. */
function binWords(edges: readonly number[], n: number): string {
  const [from, to] = [edges[n - 1], edges[n]];
  if (from === undefined) return to === undefined ? 'all' : `below ${to}`;
  return to === undefined ? `${from} or more` : `${from} to ${to}`;
}
