import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { castLiteral, literalProblem } from '../literals.ts';
import { plainText, someColumns } from '../setting-schemas.ts';
import { quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { findColumn, type SqlType, type TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

/** Each replacement can feed the next one: so many times as long may a text become. */
const MOST_GROWTH = 1000;

const settings = z.object({
  columns: someColumns,
  what: z.enum(['whole value', 'part of a text']).default('whole value'),
  /** An empty `to` makes the value missing, or takes the part out. */
  pairs: z
    .array(z.object({ from: plainText(1000).min(1, 'Write what is to be replaced.'), to: plainText(1000) }))
    .min(1, 'Write what is to be replaced by what.')
    .max(1000, 'At most 1000 values can be replaced in a step.'),
});

type Settings = z.infer<typeof settings>;

export const replaceValues = defineStep<Settings>({
  name: 'replace-values',
  title: 'Replace values',
  group: 'values',
  help: 'Puts other values in the place of some, or makes them missing.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns' },
    {
      name: 'what',
      title: 'Replace',
      input: 'choice',
      choices: [
        { value: 'whole value', title: 'whole values' },
        { value: 'part of a text', title: 'parts of texts' },
      ],
    },
    {
      name: 'pairs',
      title: 'What by what',
      help: 'By nothing: a whole value becomes missing, a part is taken out.',
      input: 'pairs',
    },
  ],
  sentence: ({ columns, what, pairs }) => {
    const shown = pairs.slice(0, 2).map(({ from, to }) => `“${from}” by ${to === '' ? 'nothing' : `“${to}”`}`);
    const more = pairs.length > 2 ? ` and ${pairs.length - 2} more` : '';
    return `Replace ${shown.join(', ')}${more} in ${what === 'whole value' ? '' : 'the texts of '}${columnList(columns)}`;
  },
  check: checkReplace,
  map: ({ columns, what, pairs }, schema) =>
    changeColumns(schema, columns, ({ quoted, type }) =>
      what === 'whole value' ? wholeValues(quoted, type, pairs) : partsOfTexts(quoted, pairs),
    ),
});

function wholeValues(quoted: string, type: SqlType, pairs: Settings['pairs']): string {
  const literal = (text: string) => (text === '' ? 'NULL' : castLiteral(text, type));
  const cases = pairs.map(({ from, to }) => `WHEN ${literal(from)} THEN ${literal(to)}`);
  return `CASE ${quoted} ${cases.join(' ')} ELSE ${quoted} END`;
}

function partsOfTexts(quoted: string, pairs: Settings['pairs']): string {
  const replaced = pairs.reduce(
    (text, { from, to }) => `replace(${text}, ${quoteText(from)}, ${quoteText(to)})`,
    quoted,
  );
  return `nullif(${replaced}, '')`;
}

function checkReplace({ columns, what, pairs }: Settings, schema: TableSchema): StepProblem[] {
  if (what === 'whole value') {
    const values = pairs.flatMap(({ from, to }) => (to === '' ? [from] : [from, to]));
    const wrong = columns.flatMap((name) => {
      const column = findColumn(schema, name);
      return column ? values.flatMap((value) => literalProblem(value, column) ?? []).slice(0, 1) : [];
    });
    return [
      ...problemsOfColumns(schema, columns, { field: 'columns' }),
      ...wrong.map((each) => ({ ...each, field: 'pairs' })),
    ];
  }
  const problems = problemsOfColumns(schema, columns, {
    field: 'columns',
    types: ['VARCHAR'],
    wrong: (name, type) => `Parts of “${name}” cannot be replaced: it is ${type}, not text.`,
    instead: 'Replace whole values, or change its type to text in a step before.',
  });
  const growth = pairs.reduce((product, { from, to }) => product * Math.max(1, to.length / from.length), 1);
  // The engine counts how deep an expression is, and each replacement is one inside the next.
  if (pairs.length > 200 || growth > MOST_GROWTH)
    problems.push({
      field: 'pairs',
      message:
        growth > MOST_GROWTH
          ? `These replacements could make a text ${MOST_GROWTH} times as long.`
          : 'At most 200 parts can be replaced in a step.',
      instead: 'Replace by shorter texts, or in several steps.',
    });
  return problems;
}
