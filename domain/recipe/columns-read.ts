import { type Column, findColumn, type TableSchema } from './table-schema.ts';

/** Strings first, so that a quote inside one begins no name. */
const stringOrName = /'(?:[^']|'')*'|"((?:[^"]|"")*)"/g;

/** Every name in a piece of SQL. Names of columns always stand in double quotes there (see sql-text.ts). */
export function namesIn(sql: string): string[] {
  return Array.from(sql.matchAll(stringOrName), ([, name]) => name?.replaceAll('""', '"')).filter(
    (name) => name !== undefined,
  );
}

/** The columns of a table that a piece of SQL reads: at least those, so that none is missing where it is carried out. */
export function columnsRead(sql: string, schema: TableSchema): Column[] {
  return [...new Set(namesIn(sql))].flatMap((name) => findColumn(schema, name) ?? []);
}
