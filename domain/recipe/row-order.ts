import { reservedPrefix } from './step-kind.ts';

/**
 * The place of a row in the table as it is now, which a sort may have changed. What groups or joins rows loses their
 * order, and brings it back by this.
 */
export const rowOrder = `"${reservedPrefix}order"`;

export function withOrder(before: string): string {
  return `(SELECT *, row_number() OVER () AS ${rowOrder} FROM ${before})`;
}
