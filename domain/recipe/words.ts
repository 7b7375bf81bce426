import { type Column, findColumn, type SqlType, type TableSchema } from './table-schema.ts';

/** “age”, “plan” and “city”; of many only the first few. */
export function columnList(names: readonly string[]): string {
  const quoted = names.map((name) => `“${name}”`);
  if (quoted.length > 4) return `${quoted.slice(0, 3).join(', ')} and ${quoted.length - 3} more columns`;
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

const words: Record<SqlType, string> = {
  BIGINT: 'a whole number',
  DOUBLE: 'a number',
  BOOLEAN: 'yes or no',
  DATE: 'a date',
  TIMESTAMP: 'a date with time',
  VARCHAR: 'text',
  BLOB: 'an image',
};

export function typeInWords({ type }: Pick<Column, 'type'>): string {
  return words[type];
}

/** A name for a new column that the table does not have yet. */
export function freeName(schema: TableSchema, wanted: string): string {
  let name = wanted;
  for (let next = 2; findColumn(schema, name); next += 1) name = `${wanted}_${next}`;
  return name;
}
