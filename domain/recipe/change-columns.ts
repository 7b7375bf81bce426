import { quoteName } from './sql-text.ts';
import type { MadeColumn, Mapping } from './step-kind.ts';
import { type Column, sameName, type TableSchema } from './table-schema.ts';

export const unchanged = (column: Column): MadeColumn => ({ ...column, sql: quoteName(column.name) });

/** New values for some columns, each in its place; the others stay as they are. The type stays unless another is given. */
export function changeColumns(
  schema: TableSchema,
  names: readonly string[],
  change: (column: Column & { quoted: string }) => string | Pick<MadeColumn, 'type' | 'sql'>,
): Mapping {
  return {
    columns: schema.map((column) => {
      if (!names.some((name) => sameName(name, column.name))) return unchanged(column);
      const changed = change({ ...column, quoted: quoteName(column.name) });
      return typeof changed === 'string' ? { ...column, sql: changed } : { ...column, ...changed };
    }),
  };
}

/** The columns as they are, with new ones behind them. */
export function addColumns(schema: TableSchema, added: readonly MadeColumn[]): Mapping {
  return { columns: [...schema.map(unchanged), ...added] };
}
