import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { newName, oneColumn } from '../setting-schemas.ts';
import type { StepProblem } from '../step-kind.ts';
import { sameName, type TableSchema } from '../table-schema.ts';

const settings = z.object({
  pairs: z
    .array(z.object({ from: oneColumn, to: newName }))
    .min(1, 'Choose a column and give it a name.')
    .max(10_000),
});

type Pairs = z.infer<typeof settings>['pairs'];

export const renameColumns = defineStep<z.infer<typeof settings>>({
  name: 'rename-columns',
  title: 'Rename columns',
  group: 'columns',
  help: 'Gives columns other names; two can change theirs.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [{ name: 'pairs', title: 'Old and new names', input: 'pairs', fromColumn: true }],
  sentence: ({ pairs }) => {
    const shown = pairs.slice(0, 3).map(({ from, to }) => `“${from}” to “${to}”`);
    return `Rename ${shown.join(', ')}${pairs.length > 3 ? ` and ${pairs.length - 3} more columns` : ''}`;
  },
  check: ({ pairs }, schema) => [
    ...problemsOfColumns(
      schema,
      pairs.map(({ from }) => from),
      { field: 'pairs', images: true },
    ),
    ...twice(pairs),
    ...collisions(pairs, schema),
  ],
  map: ({ pairs }, schema) => ({
    columns: schema.map((column) => ({ ...unchanged(column), name: nameAfter(pairs, column.name) })),
  }),
});

function nameAfter(pairs: Pairs, name: string): string {
  return pairs.find(({ from }) => sameName(from, name))?.to ?? name;
}

function twice(pairs: Pairs): StepProblem[] {
  return pairs
    .filter(({ from }, n) => pairs.slice(0, n).some((other) => sameName(other.from, from)))
    .map(({ from }) => ({
      field: 'pairs',
      column: from,
      message: `“${from}” is renamed twice.`,
      instead: 'Take one of the two out.',
    }));
}

function collisions(pairs: Pairs, schema: TableSchema): StepProblem[] {
  const seen = new Set<string>();
  const names = schema.map(({ name }) => nameAfter(pairs, name));
  return names
    .filter((name) => seen.size === seen.add(name.toLowerCase()).size)
    .map((name) => ({
      field: 'pairs',
      column: name,
      message: `There would be two columns “${name}”.`,
      instead: 'Choose another name, or rename or drop the other column, too.',
    }));
}
