import { quoteName, quoteText } from './sql-text.ts';
import type { StepProblem } from './step-kind.ts';

/** What a step knows of single values of a column goes into the text of its SQL, so there must be an end to it. */
export const MOST_LEVELS = 10_000;

/** A value of a column, as text, with what was learned of it. */
export interface Level<Value> {
  level: string;
  value: Value;
}

/**
 * The place of a value among levels, from 1; null for any other. An enumeration finds it in one step however many there
 * are, and, unlike a join, leaves the rows in their order.
 */
export function placeOf(value: string, levels: readonly string[]): string {
  if (levels.length === 0) return 'CAST(NULL AS INTEGER)';
  return `(enum_code(TRY_CAST(CAST(${value} AS VARCHAR) AS ENUM(${levels.map(quoteText).join(', ')}))) + 1)`;
}

/** What belongs to a value, as a value of `type`; null for one that is not among the levels. */
export function valueOfLevel(value: string, levels: readonly Level<string | number>[], type: string): string {
  if (levels.length === 0) return `CAST(NULL AS ${type})`;
  const values = levels.map((each) => quoteText(String(each.value))).join(', ');
  const place = placeOf(
    value,
    levels.map(({ level }) => level),
  );
  return `CAST([${values}] AS ${type}[])[${place}]`;
}

/** A condition: there is a value, and it can stand in SQL, whose text ends at its first zero byte. */
export function isLevel(column: string): string {
  return `coalesce(NOT contains(CAST(${quoteName(column)} AS VARCHAR), chr(0)), false)`;
}

/**
 * A scalar of the levels of a column with the count of each, the most frequent first, and of equally frequent ones the
 * least: a list of {level, value}. One more than is allowed, so that too many can be told.
 */
export function countedLevels(column: string, from: string, most = MOST_LEVELS + 1, having = ''): string {
  const name = quoteName(column);
  return `coalesce((SELECT list({'level': "l", 'value': "n"} ORDER BY "n" DESC, "l") FROM (SELECT CAST(${name} AS VARCHAR) AS "l", count(*) AS "n" FROM ${from} WHERE ${isLevel(column)} GROUP BY 1${having === '' ? '' : ` HAVING ${having}`} ORDER BY "n" DESC, "l" LIMIT ${most})), [])`;
}

/**
 * A SELECT of `v`, the most frequent value, for each group (`g1`, `g2` …); of equally frequent ones the least, whatever
 * order threads met them in. The different values are counted by a GROUP BY: it spills where there are too many of them
 * for the memory, and an aggregate that holds them all does not.
 */
export function mostFrequent(value: string, groups: readonly string[], from: string): string {
  const named = groups.map((group, n) => `${group} AS "g${n + 1}", `).join('');
  const names = groups.map((_, n) => `"g${n + 1}", `).join('');
  const counts = `SELECT ${names}"v", count(*) AS "n" FROM (SELECT ${named}${value} AS "v" FROM ${from}) WHERE "v" IS NOT NULL GROUP BY ${names}"v"`;
  if (groups.length === 0) return `SELECT "v" FROM (${counts}) ORDER BY "n" DESC, "v" LIMIT 1`;
  return `SELECT ${names}min({'n': -"n", 'v': "v"})['v'] AS "v" FROM (${counts}) GROUP BY ALL`;
}

export function tooManyLevels(column: string, levels: readonly unknown[]): StepProblem[] {
  if (levels.length <= MOST_LEVELS) return [];
  return [
    {
      column,
      message: `“${column}” has more than ${MOST_LEVELS.toLocaleString('en-US')} different values: too many to learn something of each.`,
      instead: 'Group its rare values in a step before, or drop the column if it names each row.',
    },
  ];
}
