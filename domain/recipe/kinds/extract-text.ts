import { z } from 'zod';
import { addColumns } from '../change-columns.ts';
import { problemsOfColumns } from '../column-problems.ts';
import { defineStep } from '../define-step.ts';
import { problemsOfNewNames } from '../new-columns.ts';
import { LONGEST_PATTERN, problemOfPattern, readPattern } from '../pattern.ts';
import { newName, oneColumn, plainText } from '../setting-schemas.ts';
import { quoteName, quoteText } from '../sql-text.ts';
import type { StepProblem } from '../step-kind.ts';
import type { TableSchema } from '../table-schema.ts';

const settings = z.object({
  column: oneColumn,
  what: z.enum(['first letters', 'last letters', 'pattern']).default('first letters'),
  letters: z.int('Write a whole number of letters.').min(1).max(1000).default(1),
  pattern: plainText(LONGEST_PATTERN).default(''),
  name: newName,
});

type Settings = z.infer<typeof settings>;

export const extractText = defineStep<Settings>({
  name: 'extract-text',
  title: 'Extract from text',
  group: 'text',
  help: 'Adds a part of a text: its first or last letters, or the first thing that a pattern finds. Finding nothing fails.',
  reach: 'rowwise',
  canFail: true,
  settings,
  fields: [
    { name: 'column', title: 'Column', input: 'column', types: ['VARCHAR'] },
    {
      name: 'what',
      title: 'Take',
      input: 'choice',
      choices: [
        { value: 'first letters', title: 'the first letters' },
        { value: 'last letters', title: 'the last letters' },
        { value: 'pattern', title: 'what a pattern finds' },
      ],
    },
    {
      name: 'letters',
      title: 'How many letters',
      input: 'number',
      when: { field: 'what', is: ['first letters', 'last letters'] },
    },
    {
      name: 'pattern',
      title: 'Pattern',
      help: 'A regular expression: [0-9]{5} finds five digits; of one with parentheses, what is between the first ones.',
      input: 'text',
      when: { field: 'what', is: ['pattern'] },
    },
    { name: 'name', title: 'Name of the new column', input: 'text' },
  ],
  sentence: ({ column, what, letters, pattern, name }) => {
    if (what === 'pattern') return `“${name}”: what ${pattern} finds in “${column}”`;
    const end = what === 'first letters' ? 'first' : 'last';
    return `“${name}”: the ${end} ${letters === 1 ? 'letter' : `${letters} letters`} of “${column}”`;
  },
  check: checkExtract,
  map: (chosen, schema) => {
    const taken = take(chosen);
    const fails =
      chosen.what === 'pattern' ? { fails: `(${quoteName(chosen.column)} IS NOT NULL AND ${taken} IS NULL)` } : {};
    return { ...addColumns(schema, [{ name: chosen.name, type: 'VARCHAR', sql: taken }]), ...fails };
  },
});

function take({ column, what, letters, pattern }: Settings): string {
  if (what !== 'pattern') return `${what === 'first letters' ? 'left' : 'right'}(${quoteName(column)}, ${letters})`;
  const group = readPattern(pattern).groups > 0 ? 1 : 0;
  return `nullif(regexp_extract(${quoteName(column)}, ${quoteText(pattern)}, ${group}), '')`;
}

function checkExtract({ column, what, pattern, name }: Settings, schema: TableSchema): StepProblem[] {
  const problems = problemsOfColumns(schema, [column], {
    types: ['VARCHAR'],
    wrong: (each, type) => `Nothing can be extracted from “${each}”: it is ${type}, not text.`,
    instead: 'Choose a column of text, or change its type to text in a step before.',
  });
  const wrong = what === 'pattern' ? problemOfPattern(pattern) : undefined;
  if (wrong) problems.push(wrong);
  return [...problems, ...problemsOfNewNames(schema, [name], 'name')];
}
