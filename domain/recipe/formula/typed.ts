import type { SqlType } from '../table-schema.ts';

/** A part of a formula as SQL that never fails, whatever the row. */
export interface Typed {
  sql: string;
  /** Null for `missing`, which fits any type. */
  type: SqlType | null;
  /**
   * Whether its SQL may give what stands for missing without being so yet: a number that is not finite, after a division
   * by zero or an overflow, or an empty text. Sums of such numbers are such numbers again, so that they need to be
   * looked at only where something else is made of them.
   */
  loose: boolean;
  /** How many times as long as the texts it is made of it can be. */
  growth: number;
}

export const typed = (
  type: SqlType | null,
  sql: string,
  more: Partial<Pick<Typed, 'loose' | 'growth'>> = {},
): Typed => ({
  sql,
  type,
  loose: false,
  growth: 1,
  ...more,
});

/** Up to here an expression is written twice, which the data engine computes once; more would double with each level. */
const SHORT = 400;
const BOUND = '"__ty_value"';

/** The same with missing where it is no finite number, or an empty text. */
export function settled(value: Typed): Typed {
  if (!value.loose) return value;
  const { sql } = value;
  const isValue = (of: string) => (value.type === 'VARCHAR' ? `${of} <> ''` : `isfinite(${of})`);
  const only = (of: string) => `CASE WHEN ${isValue(of)} THEN ${of} END`;
  const settledSql =
    sql.length <= SHORT ? `(${only(sql)})` : `list_transform([${sql}], lambda ${BOUND}: ${only(BOUND)})[1]`;
  return { ...value, sql: settledSql, loose: false };
}

/** The same value as another type that holds it: a whole number as a number, a date as one with time. */
export function widened(value: Typed, type: SqlType): Typed {
  if (value.type === type) return value;
  // A date can lie beyond the last one with a time.
  const sql = type === 'TIMESTAMP' ? `TRY_CAST(${value.sql} AS ${type})` : `CAST(${value.sql} AS ${type})`;
  return { ...value, sql, type };
}

/** The type that holds both; undefined when none does. */
export function commonType(one: SqlType | null, other: SqlType | null): SqlType | null | undefined {
  if (one === other || other === null) return one;
  if (one === null) return other;
  const both = [one, other];
  if (both.every((type) => type === 'BIGINT' || type === 'DOUBLE')) return 'DOUBLE';
  if (both.every((type) => type === 'DATE' || type === 'TIMESTAMP')) return 'TIMESTAMP';
  return undefined;
}
