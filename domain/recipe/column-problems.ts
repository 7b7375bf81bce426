import type { StepProblem } from './step-kind.ts';
import { findColumn, type SqlType, type TableSchema } from './table-schema.ts';
import { typeInWords } from './words.ts';

interface Demand {
  /** Of which types the columns may be; any unless told. */
  types?: readonly SqlType[];
  /** The step only carries values along, so that images do as well. */
  images?: boolean;
  /** A whole sentence about a column of a wrong type. */
  wrong?: (name: string, type: string) => string;
  instead?: string;
  /** The setting that names them. */
  field?: string;
}

/** What is wrong with the columns that a step names: not there (any more), or of a type that it cannot use. */
export function problemsOfColumns(schema: TableSchema, names: readonly string[], demand: Demand = {}): StepProblem[] {
  const { types, images = false, wrong, instead, field = names.length === 1 ? 'column' : 'columns' } = demand;
  return names.flatMap((name): StepProblem[] => {
    const column = findColumn(schema, name);
    if (!column) return [missing(name, field)];
    if (column.type === 'BLOB' && !images) return [noImages(name, field)];
    if (!types || types.includes(column.type)) return [];
    const type = typeInWords(column);
    return [
      {
        field,
        column: name,
        message: wrong?.(name, type) ?? `“${name}” cannot be used here: it is ${type}.`,
        instead: instead ?? 'Choose another column, or change its type in a step before.',
      },
    ];
  });
}

function noImages(column: string, field: string): StepProblem {
  return {
    field,
    column,
    message: `“${column}” holds images, and this step does not look into images.`,
    instead: 'Choose another column; images go through all steps as they are.',
  };
}

function missing(column: string, field: string): StepProblem {
  return {
    field,
    column,
    message: `There is no column “${column}” at this point.`,
    instead: 'Choose another column, or move this step before the one that drops or renames it.',
  };
}
