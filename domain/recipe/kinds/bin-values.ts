import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { someColumns } from '../setting-schemas.ts';
import { quoteNumber, quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import type { TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: someColumns,
  edges: z.array(z.number()).min(1, 'Write at least one edge.').max(100, 'At most 100 edges are possible.'),
  as: z.enum(['words', 'number']).default('words'),
});

type Settings = z.infer<typeof settings>;

export const binValues = defineStep<Settings>({
  name: 'bin-values',
  title: 'Bin at fixed edges',
  group: 'numbers',
  help: 'Puts numbers into ranges between fixed edges. An edge belongs to the range above it.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    { name: 'edges', title: 'Edges', help: 'In order, like 18, 30, 65.', input: 'numbers' },
    {
      name: 'as',
      title: 'Written as',
      input: 'choice',
      choices: [
        { value: 'words', title: 'words: “18 to below 30”' },
        { value: 'number', title: 'the number of the range, from 0' },
      ],
    },
  ],
  sentence: ({ columns, edges }) => {
    const shown = edges.slice(0, 5).join(', ');
    return `Put ${columnList(columns)} into ranges with edges at ${shown}${edges.length > 5 ? ' …' : ''}`;
  },
  check: checkBins,
  map: ({ columns, edges, as }, schema) =>
    changeColumns(schema, columns, ({ quoted }) => {
      const name = (n: number) => (as === 'number' ? String(n) : quoteText(rangeWords(edges, n)));
      const cases = edges.map((edge, n) => `WHEN ${quoted} < ${quoteNumber(edge)} THEN ${name(n)}`);
      return {
        type: as === 'number' ? 'BIGINT' : 'VARCHAR',
        sql: `CASE WHEN ${quoted} IS NULL THEN NULL ${cases.join(' ')} ELSE ${name(edges.length)} END`,
      };
    }),
});

function rangeWords(edges: readonly number[], n: number): string {
  const [low, high] = [edges[n - 1], edges[n]];
  if (low === undefined) return `below ${high}`;
  return high === undefined ? `${low} or more` : `${low} to below ${high}`;
}

function checkBins({ columns, edges }: Settings, schema: TableSchema): StepProblem[] {
  const problems = problemsOfColumns(schema, columns, {
    field: 'columns',
    types: ['BIGINT', 'DOUBLE'],
    wrong: (name, type) => `“${name}” cannot be put into ranges: it is ${type}, not a number.`,
    instead: 'Take the column out of this step, or change its type to a number before.',
  });
  const wrong = edges.findIndex((edge, n) => n > 0 && edge <= (edges[n - 1] as number));
  if (wrong > 0)
    problems.push({
      field: 'edges',
      message: `The edge ${edges[wrong]} is not above ${edges[wrong - 1]}, the one before.`,
      instead: 'Write the edges in order, each once.',
    });
  return problems;
}
