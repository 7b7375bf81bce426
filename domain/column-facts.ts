import type { ColumnProfile } from './dataset.ts';

export function isNumber(column: ColumnProfile): boolean {
  return column.sqlType === 'BIGINT' || column.sqlType === 'DOUBLE';
}

/** Whether the profile lists every value of the column with its count, and not only the most frequent. */
export function isComplete(column: ColumnProfile): boolean {
  return column.top.length === column.distinct;
}
