import { quoteText } from './sql-text.ts';
import type { Learned } from './step-kind.ts';
import { sameName } from './table-schema.ts';

/**
 * What was learned of each column goes by the column's name, never by its place: at prediction a step may have lost the
 * label from its columns.
 */
export interface OfColumn {
  column: string;
}

/** The SELECT that a fit answers: for each column a struct of `fields` (name → SQL). */
export function learnColumns(columns: readonly string[], fields: (column: string) => Record<string, string>): string {
  return `SELECT ${structs(columns, fields)} AS learned`;
}

/** The same where the fields need a number of their column more than once: it is found once, and then has a name. */
export function learnColumnsBy(
  number: (column: string) => string,
  columns: readonly string[],
  fields: (column: string, number: string) => Record<string, string>,
): string {
  const numbers = columns.map((column, n) => `${number(column)} AS "number_${n}"`);
  const named = (column: string) => `(SELECT "number_${columns.indexOf(column)}" FROM "numbers")`;
  const learned = structs(columns, (column) => fields(column, named(column)));
  return `SELECT learned FROM (WITH "numbers" AS MATERIALIZED (SELECT ${numbers.join(', ')}) SELECT ${learned} AS learned)`;
}

function structs(columns: readonly string[], fields: (column: string) => Record<string, string>): string {
  const each = columns.map((column) => {
    const rest = Object.entries(fields(column)).map(([name, sql]) => `, '${name}': ${sql}`);
    return `{'column': ${quoteText(column)}${rest.join('')}}`;
  });
  return `to_json([${each.join(', ')}])`;
}

export function learnedColumns<One extends OfColumn>(learned: Learned): One[] {
  return (Array.isArray(learned) ? learned : []) as unknown as One[];
}

export function ofColumn<One extends OfColumn>(learned: readonly One[], name: string): One | undefined {
  return learned.find(({ column }) => sameName(column, name));
}

/** “learned from the training rows: …” about the first few columns. */
export function learnedWords<One extends OfColumn>(learned: readonly One[], say: (one: One) => string): string {
  const said = learned.slice(0, 3).map((one) => `“${one.column}”: ${say(one)}`);
  return `learned from the training rows: ${said.join('; ')}${learned.length > 3 ? ' …' : ''}`;
}

/** A number for a sentence: as many digits as a person reads. */
export function shortNumber(value: number | null): string {
  return value === null ? 'nothing' : String(Number(value.toPrecision(4)));
}
