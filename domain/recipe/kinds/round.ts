import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { someColumns } from '../setting-schemas.ts';
import { quoteNumber } from '../sql-text.ts';
import { columnList } from '../words.ts';

const settings = z.object({
  columns: someColumns,
  digits: z.int('Write a whole number of digits.').min(-9).max(9).default(0),
  how: z.enum(['nearest', 'down', 'up']).default('nearest'),
});

type Settings = z.infer<typeof settings>;

export const roundNumbers = defineStep<Settings>({
  name: 'round',
  title: 'Round',
  group: 'numbers',
  help: 'Rounds numbers to so many digits after the point, or before it when there are less than none.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns', types: ['BIGINT', 'DOUBLE'] },
    { name: 'digits', title: 'Digits after the point', help: '−2 rounds to hundreds.', input: 'number' },
    {
      name: 'how',
      title: 'How',
      input: 'choice',
      choices: [
        { value: 'nearest', title: 'to the nearest' },
        { value: 'down', title: 'down' },
        { value: 'up', title: 'up' },
      ],
    },
  ],
  sentence: ({ columns, digits, how }) => {
    const to =
      digits > 0
        ? `${digits} ${digits === 1 ? 'digit' : 'digits'}`
        : digits < 0
          ? `${10 ** -digits}s`
          : 'whole numbers';
    return `Round ${columnList(columns)} ${how === 'nearest' ? '' : `${how} `}to ${to}`;
  },
  check: ({ columns }, schema) =>
    problemsOfColumns(schema, columns, {
      field: 'columns',
      types: ['BIGINT', 'DOUBLE'],
      wrong: (name, type) => `“${name}” cannot be rounded: it is ${type}, not a number.`,
      instead: 'Take the column out of this step, or change its type to a number before.',
    }),
  map: ({ columns, digits, how }, schema) =>
    changeColumns(schema, columns, ({ quoted, type }) => {
      if (type === 'BIGINT') return digits >= 0 ? quoted : wholeTens(quoted, 10 ** -digits, how);
      if (how === 'nearest') return finite(quoted, `round(${quoted}, ${digits})`);
      const factor = quoteNumber(10 ** Math.abs(digits));
      const [there, back] = digits < 0 ? ['/', '*'] : ['*', '/'];
      return finite(quoted, `${how === 'down' ? 'floor' : 'ceil'}(${quoted} ${there} ${factor}) ${back} ${factor}`);
    }),
});

/**
 * A number so large that its digits cannot be moved has none after the point. To tens, the engine rounds infinity to 0.
 * −0.3 becomes 0 and not −0, which is shown as another value, and which a file that is written may take for the same.
 */
const finite = (quoted: string, rounded: string) =>
  `CASE WHEN isfinite(${quoted}) AND isfinite(${rounded}) THEN CASE WHEN ${rounded} = 0 THEN 0 ELSE ${rounded} END ELSE ${quoted} END`;

/** Whole numbers by themselves: as others, large ones would lose digits. Near the largest one there may be none to round to. */
function wholeTens(quoted: string, tens: number, how: Settings['how']): string {
  const wide = `CAST(${quoted} AS HUGEINT)`;
  const shifted = {
    nearest: `${wide} + CASE WHEN ${quoted} < 0 THEN -${tens / 2} ELSE ${tens / 2} END`,
    down: wide,
    up: wide,
  }[how];
  const cut = `((${shifted}) // ${tens}) * ${tens}`;
  const step = {
    nearest: '0',
    down: `CASE WHEN ${wide} < ${cut} THEN -${tens} ELSE 0 END`,
    up: `CASE WHEN ${wide} > ${cut} THEN ${tens} ELSE 0 END`,
  };
  return `coalesce(TRY_CAST(${cut} + ${step[how]} AS BIGINT), ${quoted})`;
}
