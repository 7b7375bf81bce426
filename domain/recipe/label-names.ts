import { columnsRead } from './columns-read.ts';
import type { MappedStep } from './replayed.ts';
import { quoteName } from './sql-text.ts';
import { findColumn, sameName } from './table-schema.ts';

/** What the labels are called before each step. */
export interface LabelNames {
  before: readonly (readonly string[])[];
}

/**
 * Follows the labels from the last table back to the first: through a new name, and through a change of their own values.
 * A label that a step makes of other columns is one from there on, and those others are not.
 */
export function labelNames(steps: readonly MappedStep[], labels: readonly string[]): LabelNames {
  const before: string[][] = [];
  let names = [...labels];
  for (const step of steps.toReversed()) {
    names = names.flatMap((name) => nameBefore(step, name) ?? []);
    before.unshift(names);
  }
  return { before };
}

function nameBefore({ mapping, before }: MappedStep, name: string): string | undefined {
  const own = findColumn(before, name);
  if (!mapping) return own?.name;
  const made = mapping.columns.find((column) => sameName(column.name, name));
  if (!made) return undefined;
  const renamed = before.find((column) => made.sql === quoteName(column.name));
  if (renamed) return renamed.name;
  const isOwn = own && columnsRead(made.sql, before).some((column) => sameName(column.name, own.name));
  return isOwn ? own.name : undefined;
}
