import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { someColumns } from '../setting-schemas.ts';
import { sameName, type TableSchema } from '../table-schema.ts';
import { columnList } from '../words.ts';

const settings = z.object({ columns: someColumns, do: z.enum(['keep', 'drop']).default('drop') });

type Settings = z.infer<typeof settings>;

export const selectColumns = defineStep<Settings>({
  name: 'select-columns',
  title: 'Select columns',
  group: 'columns',
  help: 'Keeps some columns, or drops some.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    {
      name: 'do',
      title: 'Do',
      input: 'choice',
      choices: [
        { value: 'drop', title: 'drop these' },
        { value: 'keep', title: 'keep only these' },
      ],
    },
    { name: 'columns', title: 'Columns', input: 'columns' },
  ],
  sentence: ({ columns, do: what }) => `${what === 'keep' ? 'Keep only' : 'Drop'} ${columnList(columns)}`,
  check: (chosen, schema) => {
    const problems = problemsOfColumns(schema, chosen.columns, { field: 'columns', images: true });
    if (problems.length > 0 || remaining(chosen, schema).length > 0) return problems;
    return [{ field: 'columns', message: 'No column would be left.', instead: 'Keep one, or drop fewer.' }];
  },
  map: (chosen, schema) => ({ columns: remaining(chosen, schema).map(unchanged) }),
});

function remaining({ columns, do: what }: Settings, schema: TableSchema) {
  return schema.filter((column) => columns.some((name) => sameName(name, column.name)) === (what === 'keep'));
}
