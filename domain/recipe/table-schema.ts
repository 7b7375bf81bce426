/** The types of the data engine in which every dataset is kept. */
export const sqlTypes = ['BIGINT', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'VARCHAR', 'BLOB'] as const;
export type SqlType = (typeof sqlTypes)[number];

export interface Column {
  name: string;
  type: SqlType;
}

/** The columns of a table, in their order. */
export type TableSchema = readonly Column[];

export const isNumeric = ({ type }: Column): boolean => type === 'BIGINT' || type === 'DOUBLE';
export const isText = ({ type }: Column): boolean => type === 'VARCHAR';
/** Bytes of images: no step looks into them or changes them; they are carried along. */
export const isImage = ({ type }: Column): boolean => type === 'BLOB';
export const isDate = ({ type }: Column): boolean => type === 'DATE' || type === 'TIMESTAMP';

/** Names are told apart as the data engine does it: “Age” and “age” are one. */
export function findColumn(schema: TableSchema, name: string): Column | undefined {
  return schema.find((column) => sameName(column.name, name));
}

export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
