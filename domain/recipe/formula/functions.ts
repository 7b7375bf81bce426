import { dateFormatNames, isDateFormat, readTime } from '../date-formats.ts';
import type { SqlType } from '../table-schema.ts';
import { textOf } from '../text-of.ts';
import { FormulaProblem } from './formula-problem.ts';
import type { Syntax } from './syntax.ts';
import { type Typed, settled, typed, widened } from './typed.ts';

/** What a function is given: what it says, and how to read it as something. */
export interface Argument {
  value: Typed;
  syntax: Syntax;
  /** As a DOUBLE; refused when it is no number. */
  number: () => Typed;
  text: () => Typed;
  /** As DATE or TIMESTAMP. */
  date: () => Typed;
}

export interface FormulaFunction {
  /** For the help beside the field: `left(text, how many)`. */
  usage: string;
  help: string;
  /** The fewest and the most arguments. */
  takes: readonly [number, number];
  make: (of: readonly Argument[]) => Typed;
}

/** As many as anybody writes; the number of parts bounds them anyway. */
const MANY = 100;
/** How many times as long as its cell a text may become, at most. */
const MOST_GROWTH = 100;

const numbers = {
  abs: { usage: 'abs(number)', help: 'without its sign', takes: [1, 1], make: sticky('abs') },
  floor: { usage: 'floor(number)', help: 'rounded down', takes: [1, 1], make: sticky('floor') },
  ceil: { usage: 'ceil(number)', help: 'rounded up', takes: [1, 1], make: sticky('ceil') },
  round: {
    usage: 'round(number, digits)',
    help: 'rounded to so many digits after the point; to whole ones when left out',
    takes: [1, 2],
    make: ([x, digits]) =>
      // To tens, the engine rounds infinity to 0.
      typed('DOUBLE', `round(${settled(arg(x).number()).sql}, ${digits ? digitsOf(digits) : 0})`, { loose: true }),
  },
  sqrt: { usage: 'sqrt(number)', help: 'the square root', takes: [1, 1], make: trying('sqrt') },
  ln: { usage: 'ln(number)', help: 'the natural logarithm', takes: [1, 1], make: trying('ln') },
  log10: { usage: 'log10(number)', help: 'the logarithm to base 10', takes: [1, 1], make: trying('log10') },
  exp: {
    usage: 'exp(number)',
    help: 'e to the power of it',
    takes: [1, 1],
    make: ([x]) => typed('DOUBLE', `exp(${settled(arg(x).number()).sql})`, { loose: true }),
  },
  to_number: {
    usage: 'to_number(text)',
    help: 'missing when it is no number; with a point, not a comma',
    takes: [1, 1],
    make: ([x]) => {
      const { type, sql } = arg(x).value;
      if (type === 'BIGINT' || type === 'DOUBLE') return arg(x).value;
      if (type === 'BOOLEAN') return typed('BIGINT', `CAST(${sql} AS BIGINT)`);
      const shape = '^\\s*([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)\\s*$';
      return typed('DOUBLE', `TRY_CAST(regexp_extract(${arg(x).text().sql}, '${shape}', 1) AS DOUBLE)`, {
        loose: true,
      });
    },
  },
} as const satisfies Record<string, FormulaFunction>;

const texts = {
  lower: { usage: 'lower(text)', help: 'all letters small', takes: [1, 1], make: sameText('lower') },
  upper: { usage: 'upper(text)', help: 'all letters large', takes: [1, 1], make: sameText('upper') },
  trim: {
    usage: 'trim(text)',
    help: 'without blanks at both ends',
    takes: [1, 1],
    make: ([x]) => ({ ...arg(x).text(), sql: `trim(${arg(x).text().sql}, ' \t\r\n\u00a0')`, loose: true }),
  },
  length: {
    usage: 'length(text)',
    help: 'how many letters it has',
    takes: [1, 1],
    make: ([x]) => typed('BIGINT', `length(${settled(arg(x).text()).sql})`),
  },
  contains: {
    usage: 'contains(text, part)',
    help: 'yes when the part is in it',
    takes: [2, 2],
    make: asks('contains'),
  },
  starts_with: { usage: 'starts_with(text, part)', help: 'yes or no', takes: [2, 2], make: asks('starts_with') },
  ends_with: { usage: 'ends_with(text, part)', help: 'yes or no', takes: [2, 2], make: asks('ends_with') },
  replace: {
    usage: "replace(text, 'part', 'by')",
    help: 'the text with each such part replaced; the last one is a text in quotes',
    takes: [3, 3],
    make: replaceText,
  },
  left: { usage: 'left(text, how many)', help: 'its first letters', takes: [2, 2], make: cut('left') },
  right: { usage: 'right(text, how many)', help: 'its last letters', takes: [2, 2], make: cut('right') },
  substring: {
    usage: 'substring(text, from, how many)',
    help: 'letters from its middle; the first letter is 1',
    takes: [2, 3],
    make: cut('substring'),
  },
  concat: {
    usage: 'concat(a, b, …)',
    help: 'one after the other, without what is missing',
    takes: [1, MANY],
    make: (of) => {
      const parts = of.map(({ value }) => asText(value));
      const growth = parts.reduce((sum, part) => sum + part.growth, 0);
      return bounded(
        arg(of.at(-1)),
        typed('VARCHAR', `concat(${parts.map(({ sql }) => sql).join(', ')})`, { loose: true, growth }),
      );
    },
  },
  to_text: { usage: 'to_text(value)', help: 'as text', takes: [1, 1], make: ([x]) => asText(arg(x).value) },
} as const satisfies Record<string, FormulaFunction>;

const dates = {
  year: { usage: 'year(date)', help: 'like 2024', takes: [1, 1], make: partOf('year') },
  month: { usage: 'month(date)', help: '1 to 12', takes: [1, 1], make: partOf('month') },
  day: { usage: 'day(date)', help: '1 to 31', takes: [1, 1], make: partOf('day') },
  weekday: { usage: 'weekday(date)', help: '1 for Monday to 7 for Sunday', takes: [1, 1], make: partOf('isodow') },
  hour: {
    usage: 'hour(date with time)',
    help: '0 to 23',
    takes: [1, 1],
    make: ([x]) => {
      if (arg(x).date().type === 'DATE')
        throw problem(arg(x), 'This date has no time of day.', 'Use a date with time.');
      return partOf('hour')([arg(x)]);
    },
  },
  days_between: {
    usage: 'days_between(from, until)',
    help: 'how many days later the second date is',
    takes: [2, 2],
    make: ([from, until]) => {
      const [a, b] = [arg(from), arg(until)].map((each) => `TRY_CAST(${each.date().sql} AS DATE)`);
      return typed('BIGINT', `date_diff('day', ${a}, ${b})`);
    },
  },
  to_date: {
    usage: "to_date(text, 'day.month.year')",
    help: `missing when it is no date; as 2024-03-31 unless one of these is told: ${dateFormatNames.join(' · ')}`,
    takes: [1, 2],
    make: toDate,
  },
} as const satisfies Record<string, FormulaFunction>;

const all: Readonly<Record<string, FormulaFunction>> = { ...numbers, ...texts, ...dates };

/** Besides these, which are made where all arguments are one type: if, coalesce, min and max. */
export function findFunction(name: string): FormulaFunction | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}

export const simpleFunctions: readonly (FormulaFunction & { name: string })[] = Object.entries(all).map(
  ([name, each]) => ({
    name,
    ...each,
  }),
);

/** Their count has been checked. */
const arg = (each: Argument | undefined): Argument => each as Argument;

const problem = ({ syntax }: Argument, message: string, instead: string) =>
  new FormulaProblem(message, instead, syntax);

/** Of a number that is not finite they make one that is not, either. */
function sticky(name: string): FormulaFunction['make'] {
  return ([x]) => ({ ...arg(x).number(), sql: `${name}(${arg(x).number().sql})` });
}

/** They fail where they are not defined. */
function trying(name: string): FormulaFunction['make'] {
  return ([x]) => typed('DOUBLE', `TRY(${name}(${settled(arg(x).number()).sql}))`);
}

function sameText(name: string): FormulaFunction['make'] {
  return ([x]) => ({ ...arg(x).text(), sql: `${name}(${arg(x).text().sql})` });
}

function asks(name: string): FormulaFunction['make'] {
  return ([text, part]) =>
    typed('BOOLEAN', `${name}(${settled(arg(text).text()).sql}, ${settled(arg(part).text()).sql})`);
}

function cut(name: string): FormulaFunction['make'] {
  return ([text, ...counts]) => {
    const whole = counts.map((count) => `TRY_CAST(${settled(count.number()).sql} AS BIGINT)`);
    const { sql, growth } = arg(text).text();
    return typed('VARCHAR', `TRY(${name}(${[sql, ...whole].join(', ')}))`, { loose: true, growth });
  };
}

/** A replacement is a text of the formula: were it one of the table, texts could grow without end. */
function replaceText([text, part, by]: readonly Argument[]): Typed {
  const { syntax } = arg(by);
  if (syntax.kind !== 'text')
    throw problem(arg(by), 'What “replace” puts in has to be a text in quotes.', "Write it like 'this'.");
  const { sql, growth } = arg(text).text();
  const shortest = arg(part).syntax.kind === 'text' ? lettersOf(arg(part)) : 1;
  const factor = Math.max(1, lettersOf(arg(by)) / Math.max(1, shortest));
  const replaced = `replace(${sql}, ${settled(arg(part).text()).sql}, ${arg(by).text().sql})`;
  return bounded(arg(by), typed('VARCHAR', replaced, { loose: true, growth: growth * factor }));
}

const lettersOf = ({ syntax }: Argument): number => (syntax.kind === 'text' ? syntax.text.length : 0);

function bounded(where: Argument, value: Typed): Typed {
  if (value.growth <= MOST_GROWTH) return value;
  throw problem(
    where,
    `This could make a text more than ${MOST_GROWTH} times as long.`,
    'Join fewer parts, or replace by something shorter.',
  );
}

function digitsOf(argument: Argument): string {
  const { syntax } = argument;
  const number = syntax.kind === 'minus' ? syntax.of : syntax;
  const digits = number.kind === 'number' && /^\d$/.test(number.text) ? number.text : undefined;
  if (digits === undefined)
    throw problem(argument, 'The digits have to be a number from −9 to 9.', 'Write it like round([price], 2).');
  return syntax.kind === 'minus' ? `-${digits}` : digits;
}

export function asText(value: Typed): Typed {
  return value.type === 'VARCHAR' ? value : typed('VARCHAR', textOf(settled(value).sql, value.type));
}

function partOf(name: string): FormulaFunction['make'] {
  return ([x]) => typed('BIGINT', `${name}(${arg(x).date().sql})`);
}

function toDate([x, format]: readonly Argument[]): Typed {
  const { type, sql } = arg(x).value;
  const asDate = (time: string): Typed => typed('DATE' satisfies SqlType, `TRY_CAST(${time} AS DATE)`);
  if (type === 'DATE' || type === 'TIMESTAMP') return asDate(sql);
  if (!format) return asDate(readTime(arg(x).text().sql, 'year-month-day'));
  const name = format.syntax.kind === 'text' ? format.syntax.text : '';
  if (isDateFormat(name)) return asDate(readTime(arg(x).text().sql, name));
  throw problem(format, 'This is no format of dates.', `Write one of these: '${dateFormatNames.join("', '")}'.`);
}

export const asDouble = (value: Typed): Typed => widened(value, 'DOUBLE');
