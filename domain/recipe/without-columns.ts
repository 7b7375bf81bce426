import type { StepField, StepKind } from './step-kind.ts';
import { sameName } from './table-schema.ts';

type Settings = Readonly<Record<string, unknown>>;

/**
 * A step's settings for rows that lack some columns: those that are predicted lack the label. Null when nothing is left
 * of the step, and it is passed over.
 */
export function withoutColumns(kind: StepKind<unknown>, settings: unknown, gone: readonly string[]): unknown {
  if (gone.length === 0) return settings;
  if (kind.withoutColumns) return kind.withoutColumns(settings, gone);
  return withoutInFields(kind.fields, settings as Settings, gone);
}

/** What the fields of a kind say: a column that the whole step is about ends it, one of many is taken out. */
function withoutInFields(fields: readonly StepField[], settings: Settings, gone: readonly string[]): Settings | null {
  let rest = settings;
  for (const field of fields) {
    if (!isUsed(field, settings)) continue;
    const value = settings[field.name];
    const left = leftOf(field, value, gone);
    // A list that may be empty means every column when it is; one that is emptied here would mean none.
    if (left === null && !(field.optional && field.input === 'column')) return null;
    if (left !== value) rest = { ...rest, [field.name]: left ?? '' };
  }
  return rest;
}

/** Null when nothing is left of the value, and the value itself when nothing was taken out. */
function leftOf(field: StepField, value: unknown, gone: readonly string[]): unknown {
  const isGone = (name: unknown) => typeof name === 'string' && gone.some((each) => sameName(each, name));
  if (field.input === 'column') return isGone(value) ? null : value;
  const isList = field.input === 'columns' || (field.input === 'pairs' && field.fromColumn);
  if (!isList || !Array.isArray(value)) return value;
  const left = value.filter((each: unknown) => !isGone(field.input === 'pairs' ? fromOf(each) : each));
  if (left.length === value.length) return value;
  return left.length > 0 ? left : null;
}

const fromOf = (pair: unknown): unknown => (pair as { from?: unknown }).from;

function isUsed({ when }: StepField, settings: Settings): boolean {
  return !when || when.is.includes(String(settings[when.field]));
}
