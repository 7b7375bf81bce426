import { quoteText } from './sql-text.ts';
import type { StepProblem } from './step-kind.ts';
import type { Column, SqlType } from './table-schema.ts';
import { typeInWords } from './words.ts';

const shapes: Record<SqlType, RegExp> = {
  BIGINT: /^[+-]?\d{1,18}$/,
  DOUBLE: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/,
  BOOLEAN: /^(true|false|yes|no)$/i,
  DATE: /^\d{4}-\d{2}-\d{2}$/,
  TIMESTAMP: /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$/,
  VARCHAR: /^[^]*$/,
  // Nobody can write down an image.
  BLOB: /^(?!)/,
};

/** What a person wrote, as a value of a column's type. `literalProblem` has looked at it before. */
export function castLiteral(text: string, type: SqlType): string {
  const plain = type === 'BOOLEAN' ? String(/^(true|yes)$/i.test(text)) : text;
  return `CAST(${quoteText(plain)} AS ${type})`;
}

/** Why a text is no value for this column; undefined when it is one. */
export function literalProblem(text: string, column: Column): StepProblem | undefined {
  const isValue = shapes[column.type].test(text) && (!isDay(column.type) || isInCalendar(text));
  if (isValue) return undefined;
  return {
    column: column.name,
    message: `“${text}” is no value for “${column.name}”, which is ${typeInWords(column)}.`,
    instead: 'Write a value of that type, or change the type of the column in a step before.',
  };
}

/** JavaScript takes the 31st of February for the 2nd of March; the data engine refuses it. */
function isInCalendar(text: string): boolean {
  const time = Date.parse(`${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.slice(0, 10));
}

const isDay = (type: SqlType): boolean => type === 'DATE' || type === 'TIMESTAMP';
