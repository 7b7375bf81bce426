import type { SqlType } from './table-schema.ts';

/** A value as a person would write it: the engine puts a “.0” behind numbers that need not be whole. */
export function textOf(sql: string, type: SqlType | null): string {
  if (type === 'VARCHAR') return sql;
  const text = `CAST(${sql} AS VARCHAR)`;
  return type === 'DOUBLE' ? `regexp_replace(${text}, '\\.0$', '')` : text;
}
