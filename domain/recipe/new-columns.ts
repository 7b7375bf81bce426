import type { StepProblem } from './step-kind.ts';
import { findColumn, sameName, type TableSchema } from './table-schema.ts';

/** What is wrong with the names of columns that a step adds: there is one already, or two are alike. */
export function problemsOfNewNames(schema: TableSchema, names: readonly string[], field: string): StepProblem[] {
  return names.flatMap((name, n): StepProblem[] => {
    const earlier = names.slice(0, n).find((other) => sameName(other, name));
    if (!findColumn(schema, name) && earlier === undefined) return [];
    return [
      {
        field,
        column: name,
        message: `There ${earlier === undefined ? 'is already a column' : 'would be two columns'} “${name}”.`,
        instead: 'Choose another name, or rename or drop the other column in a step before.',
      },
    ];
  });
}
