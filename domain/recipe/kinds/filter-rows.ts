import { z } from 'zod';
import { unchanged } from '../change-columns.ts';
import { defineStep } from '../define-step.ts';
import { columnsOfFormula, compileFormula, problemsOfFormula } from '../formula/compile-formula.ts';
import { conditionSchema, conditionSql, conditionWords, problemsOfConditions } from '../row-conditions.ts';
import { plainText } from '../setting-schemas.ts';
import { sameName, type TableSchema } from '../table-schema.ts';

const settings = z
  .object({
    do: z.enum(['keep', 'drop']).default('keep'),
    by: z.enum(['conditions', 'formula']).default('conditions'),
    match: z.enum(['all', 'any']).default('all'),
    conditions: z.array(conditionSchema).max(100, 'At most 100 conditions are possible.').default([]),
    formula: plainText(4000).default(''),
  })
  .refine(({ by, conditions }) => by === 'formula' || conditions.length > 0, {
    path: ['conditions'],
    message: 'Write at least one condition.',
  });

type Settings = z.infer<typeof settings>;

export const filterRows = defineStep<Settings>({
  name: 'filter-rows',
  title: 'Filter rows',
  group: 'rows',
  help: 'Keeps the rows that meet conditions or a formula, or drops them. One that cannot be decided is not met.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    {
      name: 'do',
      title: 'Do',
      input: 'choice',
      choices: [
        { value: 'keep', title: 'keep rows' },
        { value: 'drop', title: 'drop rows' },
      ],
    },
    {
      name: 'by',
      title: 'Where',
      input: 'choice',
      choices: [
        { value: 'conditions', title: 'columns meet conditions' },
        { value: 'formula', title: 'a formula says yes' },
      ],
    },
    { name: 'conditions', title: 'Conditions', input: 'conditions', when: { field: 'by', is: ['conditions'] } },
    {
      name: 'match',
      title: 'How many of them',
      input: 'choice',
      choices: [
        { value: 'all', title: 'all' },
        { value: 'any', title: 'any' },
      ],
      when: { field: 'by', is: ['conditions'] },
    },
    { name: 'formula', title: 'Formula', input: 'formula', when: { field: 'by', is: ['formula'] } },
  ],
  sentence: ({ do: what, by, conditions, match, formula }) => {
    const shown = conditions.slice(0, 3).map(conditionWords);
    if (conditions.length > 3) shown.push('…');
    const where = by === 'formula' ? formula : shown.join(match === 'all' ? ' and ' : ' or ');
    return `${what === 'keep' ? 'Keep' : 'Drop'} rows where ${where}`;
  },
  check: ({ by, conditions, formula }, schema) =>
    by === 'formula' ? problemsOfFormula(formula, schema, 'BOOLEAN') : problemsOfConditions(conditions, schema),
  map: (chosen, schema) => {
    const met = `coalesce(${metBy(chosen, schema)}, false)`;
    return { columns: schema.map(unchanged), leaves: chosen.do === 'keep' ? `(NOT ${met})` : met };
  },
  withoutColumns,
});

function metBy({ by, conditions, match, formula }: Settings, schema: TableSchema): string {
  if (by === 'formula') return compileFormula(formula, schema).sql;
  return `(${conditions.map((each) => conditionSql(each, schema)).join(match === 'all' ? ' AND ' : ' OR ')})`;
}

/**
 * A row goes because one of its columns is as it should not be, or stays whatever the missing ones are: as far as the
 * others alone decide that, they still do.
 */
function withoutColumns(chosen: Settings, gone: readonly string[]): Settings | null {
  const isGone = (name: string) => gone.some((each) => sameName(each, name));
  if (chosen.by === 'formula') return columnsOfFormula(chosen.formula).some(isGone) ? null : chosen;
  const conditions = chosen.conditions.filter(({ column }) => !isGone(column));
  if (conditions.length === chosen.conditions.length) return chosen;
  const othersDecide = chosen.do === 'keep' ? chosen.match === 'all' : chosen.match === 'any';
  return othersDecide && conditions.length > 0 ? { ...chosen, conditions } : null;
}
