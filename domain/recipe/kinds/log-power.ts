import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { someColumns } from '../setting-schemas.ts';
import { quoteName, quoteNumber } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: someColumns,
  how: z.enum(['ln', 'log10', 'log1p', 'sqrt', 'square', 'power']).default('log1p'),
  power: z.number().min(-10, 'A power is at least −10.').max(10, 'A power is at most 10.').default(2),
});

type Settings = z.infer<typeof settings>;

const words: Record<Exclude<Settings['how'], 'power'>, string> = {
  ln: 'the natural logarithm',
  log10: 'the logarithm to base 10',
  log1p: 'the logarithm of 1 more',
  sqrt: 'the square root',
  square: 'the square',
};

export const logPower = defineStep<Settings>({
  name: 'log-power',
  title: 'Logarithm or power',
  group: 'numbers',
  help: 'Takes the logarithm, a root or a power, to bring far apart numbers nearer to each other.',
  reach: 'rowwise',
  canFail: true,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    {
      name: 'how',
      title: 'Take',
      input: 'choice',
      choices: [
        ...Object.entries(words).map(([value, title]) => ({ value, title })),
        { value: 'power', title: 'a power' },
      ],
    },
    { name: 'power', title: 'Power', input: 'number', when: { field: 'how', is: ['power'] } },
  ],
  sentence: ({ columns, how, power }) =>
    how === 'power'
      ? `Raise ${columnList(columns)} to the power of ${power}`
      : `Take ${words[how]} of ${columnList(columns)}`,
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      field: 'columns',
      types: ['BIGINT', 'DOUBLE'],
      wrong: (name, type) => `“${name}” cannot be reckoned with: it is ${type}, not a number.`,
      instead: 'Take the column out of this step, or change its type to a number before.',
    }),
  map: (chosen, schema) => ({
    ...changeColumns(schema, chosen.columns, ({ quoted }) => ({ type: 'DOUBLE', sql: reckon(quoted, chosen) })),
    fails: chosen.columns
      .map((name) => `(${quoteName(name)} IS NOT NULL AND ${reckon(quoteName(name), chosen)} IS NULL)`)
      .join(' OR '),
  }),
});

/** Missing where it is not defined, or too large for a number. */
function reckon(quoted: string, { how, power }: Settings): string {
  const x = `CAST(${quoted} AS DOUBLE)`;
  const only = (sql: string) => `CASE WHEN isfinite(${sql}) THEN ${sql} END`;
  switch (how) {
    case 'ln':
    case 'log10':
      return only(`CASE WHEN ${x} > 0 THEN ${how}(${x}) END`);
    case 'log1p':
      return only(`CASE WHEN ${x} > -1 THEN ln(1 + ${x}) END`);
    case 'sqrt':
      return only(`CASE WHEN ${x} >= 0 THEN sqrt(${x}) END`);
    case 'square':
      return only(`(${x} * ${x})`);
    case 'power':
      return only(`pow(${x}, ${quoteNumber(power)})`);
  }
}
