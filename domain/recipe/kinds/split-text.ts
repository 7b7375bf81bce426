import { z } from 'zod';
import { addColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { problemsOfNewNames } from '../new-columns.ts';
import { oneColumn, plainText } from '../setting-schemas.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import { sameName } from '../table-schema.ts';

const settings = z.object({
  column: oneColumn,
  separator: plainText(100).min(1, 'Write what separates the parts.'),
  parts: z.int('Write a whole number of parts.').min(2, 'At least 2 parts.').max(50, 'At most 50 parts.').default(2),
  drop: z.boolean().default(false),
});

type Settings = z.infer<typeof settings>;

export const splitText = defineStep<Settings>({
  name: 'split-text',
  title: 'Split text',
  group: 'text',
  help: 'Makes several columns of one, at each separator. The last one has the rest; a text of fewer parts fails.',
  reach: 'rowwise',
  canFail: true,
  settings,
  fields: [
    { name: 'column', title: 'Column', input: 'column', types: ['VARCHAR'] },
    { name: 'separator', title: 'Separator', input: 'text' },
    { name: 'parts', title: 'Into how many columns', input: 'number' },
    { name: 'drop', title: 'Drop the text itself', input: 'yes/no' },
  ],
  sentence: (chosen) =>
    `Split “${chosen.column}” at “${chosen.separator}” into ${chosen.parts} columns${chosen.drop ? ', drop it' : ''}`,
  check: (chosen, schema) => {
    const kept = schema.filter(({ name }) => !chosen.drop || !sameName(name, chosen.column));
    return [
      ...problemsOfColumns(schema, [chosen.column], {
        types: ['VARCHAR'],
        wrong: (name, type) => `“${name}” cannot be split: it is ${type}, not text.`,
        instead: 'Choose a column of text, or change its type to text in a step before.',
      }),
      ...problemsOfNewNames(kept, namesOf(chosen), 'column'),
    ];
  },
  map: (chosen, schema) => {
    const { column, parts, separator, drop } = chosen;
    const pieces = `string_split(${quoteName(column)}, ${quoteText(separator)})`;
    const added = namesOf(chosen).map((name, n) => {
      const rest = `array_to_string(${pieces}[${parts}:], ${quoteText(separator)})`;
      return {
        name,
        type: 'VARCHAR' as const,
        sql: `nullif(trim(${n + 1 < parts ? `${pieces}[${n + 1}]` : rest}), '')`,
      };
    });
    const { columns } = addColumns(schema, added);
    return {
      columns: columns.filter(({ name }) => !drop || !sameName(name, column)),
      fails: `(len(${pieces}) < ${parts})`,
    };
  },
});

const namesOf = ({ column, parts }: Settings): string[] =>
  Array.from({ length: parts }, (_, n) => `${column}_${n + 1}`);
