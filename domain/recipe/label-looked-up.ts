import { columnsRead } from './columns-read.ts';
import type { MappedStep } from './replayed.ts';
import { quoteName } from './sql-text.ts';
import { findColumn, sameName, type TableSchema } from './table-schema.ts';

/** A column that a step brought from another dataset. */
export interface BroughtColumn {
  place: number;
  sentence: string;
  datasetId: string;
  /** Its name here, after the step, and there. */
  name: string;
  from: string;
}

/** The columns that look-ups bring. */
export function broughtColumns(steps: readonly MappedStep[]): (BroughtColumn & { stepId: string })[] {
  return steps.flatMap(({ id, step, place, sentence, before, after, lookup }) => {
    if (!lookup) return [];
    // They come behind the columns that were there, in the order in which they were asked for.
    const taken = Array.isArray(step.settings['take']) ? step.settings['take'] : [];
    return after.slice(before.length).map(({ name }, n) => ({
      ...{ stepId: id, place, sentence, datasetId: lookup.datasetId, name },
      from: typeof taken[n] === 'string' ? taken[n] : name,
    }));
  });
}

/** The columns of the first table that the labels are, or are made of. */
export function labelSources(steps: readonly MappedStep[], labels: readonly string[]): string[] {
  let names = [...labels];
  for (const step of steps.toReversed()) names = [...new Set(names.flatMap((name) => sourcesBefore(step, name)))];
  return names;
}

function sourcesBefore({ mapping, before }: MappedStep, name: string): string[] {
  const own = findColumn(before, name);
  const made = mapping?.columns.find((column) => sameName(column.name, name));
  if (!made) return own ? [own.name] : [];
  return namesRead(made.sql, before);
}

function namesRead(sql: string, before: TableSchema): string[] {
  const same = before.find(({ name }) => quoteName(name) === sql);
  return same ? [same.name] : columnsRead(sql, before).map(({ name }) => name);
}

/**
 * A dataset looked up in itself, or in another version of it, can bring what is to be predicted back as a feature: the
 * model would learn to read it off, and know nothing where the answer is not known yet.
 */
export function labelBroughtBack(
  steps: readonly MappedStep[],
  labels: readonly string[],
  isItself: (datasetId: string) => boolean,
): BroughtColumn | undefined {
  const sources = labelSources(steps, labels);
  return broughtColumns(steps).find(
    ({ datasetId, from }) => isItself(datasetId) && sources.some((source) => sameName(source, from)),
  );
}
