import { z } from 'zod';
import { addColumns, changeColumns } from '../change-columns.ts';
import { defineStep } from '../define-step.ts';
import { compileFormula, problemsOfFormula } from '../formula/compile-formula.ts';
import { newName, plainText } from '../setting-schemas.ts';
import { findColumn } from '../table-schema.ts';

const settings = z.object({ name: newName, formula: plainText(4000).min(1, 'Write a formula.') });

export const makeColumn = defineStep<z.infer<typeof settings>>({
  name: 'make-column',
  title: 'Make a column',
  group: 'columns',
  help: 'Adds a column that a formula gives, or puts it in the place of one of that name. What is not defined is missing.',
  reach: 'rowwise',
  canFail: false,
  settings,
  fields: [
    { name: 'name', title: 'Name', input: 'text' },
    { name: 'formula', title: 'Formula', help: 'Like [price] * 1.19, or if([age] < 18, 0, 1).', input: 'formula' },
  ],
  sentence: ({ name, formula }) => `“${name}” = ${formula}`,
  check: ({ formula }, schema) => problemsOfFormula(formula, schema),
  map: ({ name, formula }, schema) => {
    const made = compileFormula(formula, schema);
    return findColumn(schema, name)
      ? changeColumns(schema, [name], () => made)
      : addColumns(schema, [{ name, ...made }]);
  },
  // Without a column that it names it cannot be made: left as it is, its check says which one is missing.
  withoutColumns: (chosen) => chosen,
});
