import { z } from 'zod';
import { changeColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { type DateFormatName, dateFormatChoices, dateFormatNames, readTime } from '../date-formats.ts';
import { defineStep } from '../define-step.ts';
import { readNumber } from '../read-number.ts';
import { plainText, someColumns } from '../setting-schemas.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import { type Column, findColumn, type SqlType, type TableSchema } from '../table-schema.ts';
import { textOf } from '../text-of.ts';
import { columnList, typeInWords } from '../words.ts';

const sinceThen = ['seconds since 1970', 'milliseconds since 1970'] as const;
const words = (...usual: string[]) => z.array(plainText(100).trim().min(1)).max(50).default(usual);

const settings = z.object({
  columns: someColumns,
  to: z.enum(['number', 'whole number', 'text', 'date', 'date with time', 'yes/no']),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['none', ',', '.', 'blank', "'"]).default('none'),
  format: z.enum([...dateFormatNames, ...sinceThen]).default('year-month-day'),
  yes: words('yes', 'y', 'true', 't', '1', 'on'),
  no: words('no', 'n', 'false', 'f', '0', 'off'),
});

type Settings = z.infer<typeof settings>;

const typeOf: Record<Settings['to'], SqlType> = {
  number: 'DOUBLE',
  'whole number': 'BIGINT',
  text: 'VARCHAR',
  date: 'DATE',
  'date with time': 'TIMESTAMP',
  'yes/no': 'BOOLEAN',
};

const ofNumbers = { field: 'to', is: ['number', 'whole number'] };
const ofDates = { field: 'to', is: ['date', 'date with time'] };
const ofTruth = { field: 'to', is: ['yes/no'] };

export const changeType = defineStep<Settings>({
  name: 'change-type',
  title: 'Change type',
  group: 'columns',
  help: 'Reads values as numbers, dates, yes or no, or text. What cannot be read fails.',
  reach: 'rowwise',
  canFail: true,
  settings,
  fields: [
    { name: 'columns', title: 'Columns', input: 'columns' },
    {
      name: 'to',
      title: 'Into',
      input: 'choice',
      choices: [
        { value: 'number', title: 'a number' },
        { value: 'whole number', title: 'a whole number' },
        { value: 'text', title: 'text' },
        { value: 'date', title: 'a date' },
        { value: 'date with time', title: 'a date with time' },
        { value: 'yes/no', title: 'yes or no' },
      ],
    },
    {
      name: 'decimal',
      title: 'Decimal sign',
      input: 'choice',
      choices: [
        { value: '.', title: 'point: 29.85' },
        { value: ',', title: 'comma: 29,85' },
      ],
      when: ofNumbers,
    },
    {
      name: 'thousands',
      title: 'Between thousands',
      input: 'choice',
      choices: [
        { value: 'none', title: 'nothing' },
        { value: ',', title: 'comma: 1,000' },
        { value: '.', title: 'point: 1.000' },
        { value: 'blank', title: 'blank: 1 000' },
        { value: "'", title: "apostrophe: 1'000" },
      ],
      when: ofNumbers,
    },
    {
      name: 'format',
      title: 'Written as',
      input: 'choice',
      choices: [...dateFormatChoices, ...sinceThen.map((value) => ({ value, title: value }))],
      when: ofDates,
    },
    { name: 'yes', title: 'Means yes', input: 'texts', when: ofTruth },
    { name: 'no', title: 'Means no', input: 'texts', when: ofTruth },
  ],
  sentence: ({ columns, to, format }) => {
    const how = ofDates.is.includes(to) ? `, written as ${format}` : '';
    return `Change ${columnList(columns)} into ${to === 'yes/no' ? 'yes or no' : to === 'text' ? to : `a ${to}`}${how}`;
  },
  check: checkChange,
  map: (chosen, schema) => ({
    ...changeColumns(schema, chosen.columns, (column) => ({ type: typeOf[chosen.to], sql: read(column, chosen) })),
    fails: chosen.columns
      .flatMap((name) => findColumn(schema, name) ?? [])
      .map((column) => `(${quoteName(column.name)} IS NOT NULL AND ${read(column, chosen)} IS NULL)`)
      .join(' OR '),
  }),
});

/** Missing where the value cannot be read. */
function read({ name, type }: Column, chosen: Settings): string {
  const value = quoteName(name);
  switch (chosen.to) {
    case 'text':
      return textOf(value, type);
    case 'number':
      return type === 'VARCHAR' ? readNumber(value, chosen) : `CAST(${value} AS DOUBLE)`;
    case 'whole number':
      if (type === 'VARCHAR') return readNumber(value, { ...chosen, whole: true });
      if (type === 'DOUBLE') return `CASE WHEN ${value} = floor(${value}) THEN TRY_CAST(${value} AS BIGINT) END`;
      return `CAST(${value} AS BIGINT)`;
    case 'yes/no':
      return readTruth(value, type, chosen);
    case 'date':
    case 'date with time':
      return `TRY_CAST(${readDate(value, type, chosen.format)} AS ${typeOf[chosen.to]})`;
  }
}

function readTruth(value: string, type: SqlType, { yes, no }: Settings): string {
  if (type === 'BOOLEAN') return value;
  if (type !== 'VARCHAR') return `CASE ${value} WHEN 1 THEN true WHEN 0 THEN false END`;
  const among = (texts: readonly string[]) =>
    `lower(trim(${value})) IN (${texts.map((text) => `lower(${quoteText(text)})`).join(', ')})`;
  return `CASE WHEN ${among(yes)} THEN true WHEN ${among(no)} THEN false END`;
}

function readDate(value: string, type: SqlType, format: Settings['format']): string {
  if (type === 'DATE' || type === 'TIMESTAMP') return value;
  const perSecond = { 'seconds since 1970': 1_000_000, 'milliseconds since 1970': 1000 }[format as string];
  if (perSecond === undefined) return readTime(textOf(value, type), format as DateFormatName);
  const whole = type === 'VARCHAR' ? `TRY_CAST(regexp_extract(${value}, '^\\s*(-?\\d+)\\s*$', 1) AS BIGINT)` : value;
  return `TRY(make_timestamp(${whole} * ${perSecond}))`;
}

function checkChange(chosen: Settings, schema: TableSchema): StepProblem[] {
  const { columns, to, decimal, thousands, format, yes, no } = chosen;
  const problems = problemsOfColumns(schema, columns, { field: 'columns' });
  for (const column of columns.flatMap((name) => findColumn(schema, name) ?? [])) {
    if (isPossible(column.type, chosen)) continue;
    problems.push({
      field: column.type === 'BIGINT' ? 'format' : 'columns',
      column: column.name,
      message: `“${column.name}” cannot become ${typeInWords({ type: typeOf[to] })}${column.type === 'BIGINT' ? ` written as ${format}` : ''}: it is ${typeInWords(column)}.`,
      instead:
        column.type === 'BIGINT'
          ? 'Choose seconds or milliseconds since 1970, or year, month and day in one.'
          : 'Take parts or a difference of dates, or change it into text.',
    });
  }
  if (ofNumbers.is.includes(to) && decimal === thousands)
    problems.push({
      field: 'thousands',
      message: 'The decimal sign cannot stand between thousands, too.',
      instead: 'Choose another decimal sign, or nothing between thousands.',
    });
  const both = yes.find((word) => no.some((other) => other.toLowerCase() === word.toLowerCase()));
  if (to === 'yes/no' && (both !== undefined || yes.length === 0 || no.length === 0))
    problems.push({
      field: 'no',
      message: both === undefined ? 'There are no words for yes or for no.' : `“${both}” cannot mean both yes and no.`,
      instead: 'Write what means yes and what means no, each at one place.',
    });
  return problems;
}

function isPossible(from: SqlType, { to, format }: Settings): boolean {
  if (to === 'text' || from === 'VARCHAR' || from === typeOf[to]) return true;
  const isDate = from === 'DATE' || from === 'TIMESTAMP';
  if (!ofDates.is.includes(to)) return !isDate;
  return isDate || (from === 'BIGINT' && (format === 'yearmonthday' || format.endsWith('since 1970')));
}
