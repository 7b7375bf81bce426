import { z } from 'zod';
import { problemsOfColumns } from './column-problems.ts';
import { castLiteral, literalProblem } from './literals.ts';
import { oneColumn, plainText } from './setting-schemas.ts';
import { quoteName, quoteText } from './sql-text.ts';
import type { StepProblem } from './step-kind.ts';
import { type Column, findColumn, type SqlType, type TableSchema } from './table-schema.ts';
import { typeInWords } from './words.ts';

const asText = ['contains', 'does not contain', 'starts with', 'ends with'] as const;
const inOrder = ['<', '<=', '>', '>='] as const;
const ofList = ['is one of', 'is not one of'] as const;
const ofNothing = ['is missing', 'is not missing'] as const;

export const conditionSchema = z
  .object({
    column: oneColumn,
    is: z.enum(['=', '≠', ...inOrder, ...ofList, ...asText, ...ofNothing]),
    value: plainText(1000).default(''),
    /** Of which it is one. */
    values: z.array(plainText(1000).min(1, 'Write a value.')).max(1000).default([]),
  })
  .refine(({ is, value }) => includes([...ofList, ...ofNothing], is) || value !== '', 'Write a value to compare with.')
  .refine(({ is, values }) => !includes(ofList, is) || values.length > 0, 'Write at least one value.');

export type Condition = z.infer<typeof conditionSchema>;

export function conditionWords({ column, is, value, values }: Condition): string {
  if (includes(ofNothing, is)) return `“${column}” ${is}`;
  if (!includes(ofList, is)) return `“${column}” ${is} ${value}`;
  return `“${column}” ${is} ${values.slice(0, 3).join(', ')}${values.length > 3 ? ', …' : ''}`;
}

export function problemsOfConditions(conditions: readonly Condition[], schema: TableSchema): StepProblem[] {
  return conditions.flatMap((condition): StepProblem[] => {
    const { column: name, is, value, values } = condition;
    const column = findColumn(schema, name);
    if (!column) return problemsOfColumns(schema, [name], { field: 'conditions' });
    if (includes(ofNothing, is)) return [];
    if (column.type === 'BLOB') return problemsOfColumns(schema, [name], { field: 'conditions' });
    const wrongType = wrongFor(is, column);
    if (wrongType) return [wrongType];
    const literals = includes(ofList, is) ? values : [value];
    const wrong = literals.flatMap((text) => literalProblem(text, column) ?? []).slice(0, 1);
    return wrong.map((each) => ({ ...each, field: 'conditions' }));
  });
}

function wrongFor(is: Condition['is'], column: Column): StepProblem | undefined {
  const needed = includes(asText, is) && column.type !== 'VARCHAR' ? 'text' : undefined;
  const unordered = includes(inOrder, is) && column.type === 'BOOLEAN' ? 'something with an order' : undefined;
  const wanted = needed ?? unordered;
  if (!wanted) return undefined;
  return {
    field: 'conditions',
    column: column.name,
    message: `“${is}” needs ${wanted}, but “${column.name}” is ${typeInWords(column)}.`,
    instead: 'Compare it with = instead, or change its type in a step before.',
  };
}

/** True, false or, of a missing value in an order, neither. What is missing is not 5, and not one of any list. */
export function conditionSql({ column, is, value, values }: Condition, schema: TableSchema): string {
  const name = quoteName(column);
  const type = findColumn(schema, column)?.type as SqlType;
  switch (is) {
    case 'is missing':
      return `(${name} IS NULL)`;
    case 'is not missing':
      return `(${name} IS NOT NULL)`;
    case '=':
    case '≠':
      return `(${name} IS ${is === '=' ? 'NOT ' : ''}DISTINCT FROM ${castLiteral(value, type)})`;
    case 'is one of':
    case 'is not one of': {
      const among = `coalesce(${name} IN (${values.map((each) => castLiteral(each, type)).join(', ')}), false)`;
      return is === 'is one of' ? among : `(NOT ${among})`;
    }
    case 'contains':
      return `contains(${name}, ${quoteText(value)})`;
    case 'does not contain':
      return `(NOT coalesce(contains(${name}, ${quoteText(value)}), false))`;
    case 'starts with':
      return `starts_with(${name}, ${quoteText(value)})`;
    case 'ends with':
      return `ends_with(${name}, ${quoteText(value)})`;
    default:
      return `(${name} ${is} ${castLiteral(value, type)})`;
  }
}

function includes<Value extends string>(values: readonly Value[], value: string): value is Value {
  return (values as readonly string[]).includes(value);
}
