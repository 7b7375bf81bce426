import * as fc from 'fast-check';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import type { StepField, StepKind } from '../../../domain/recipe/step-kind.ts';
import type { SqlType } from '../../../domain/recipe/table-schema.ts';
import { runRecipe, type Table } from './run-recipe.ts';

/** Names that are SQL or HTML, and values at the edge of what there is. */
const columns: Record<string, SqlType> = {
  'a"; DROP TABLE source_rows; --': 'VARCHAR',
  '<script>alert(1)</script>': 'BIGINT',
  "it's $1 ? %s": 'DOUBLE',
  'select * from t': 'DATE',
  stage_1: 'TIMESTAMP',
  '[b] {c}': 'BOOLEAN',
};
const table: Table = {
  columns,
  rows: [
    ["O'Fallon, 1.234,5", 7, 2.5, '2024-03-31', '2024-03-31 10:30:00', true],
    [null, null, null, null, null, null],
    [' ', '9223372036854775807', 1e308, '5881580-07-10', '294247-01-10 04:00:54.775806', false],
    ['31.03.2024', '-9223372036854775808', 'inf', '-5877641-06-25', '-290308-12-22 00:00:00', true],
    ['yes 😀', 0, 0, '2000-02-29', '1999-12-31 23:59:59', false],
  ],
};

const name = fc.constantFrom(...Object.keys(columns));
const text = fc.oneof(
  fc.constantFrom(
    "'",
    '"',
    ';--',
    "'; DROP TABLE source_rows; --",
    '\\',
    '%',
    '$1',
    '2024-03-31',
    '7',
    'yes',
    ' ',
    '.',
    '[0-9]+',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 9 }) },
  fc.integer({ min: -9, max: 9 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const formula = fc.constantFrom(
  "contains([a\"; DROP TABLE source_rows; --], '''')",
  '[<script>alert(1)</script>] / 0 > 1',
  '[[b] {c}]]',
);
const words: Record<string, readonly string[]> = {
  // What fields cannot say about the inside of a list.
  is: ['=', '≠', '<', '>=', 'is one of', 'contains', 'is missing'],
};

/** Mostly a column that the step can use, and sometimes another. */
function nameFor({ types }: StepField): fc.Arbitrary<string> {
  const fitting = Object.keys(columns).filter((each) => !types || types.includes(columns[each] as SqlType));
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...fitting) }, name);
}

function valueFor(field: StepField): fc.Arbitrary<unknown> {
  const ofField: Record<StepField['input'], fc.Arbitrary<unknown>> = {
    column: nameFor(field),
    columns: fc.uniqueArray(nameFor(field), { minLength: 1, maxLength: 3 }),
    text,
    texts: fc.array(field.choices ? fc.constantFrom(...field.choices.map(({ value }) => value)) : text, {
      minLength: 1,
      maxLength: 3,
    }),
    number,
    numbers: fc.uniqueArray(number, { minLength: 1, maxLength: 4 }).map((all) => all.toSorted((a, b) => a - b)),
    'yes/no': fc.boolean(),
    choice: fc.constantFrom(...(field.choices ?? [{ value: '' }]).map(({ value }) => value)),
    formula,
    pairs: fc.array(fc.record({ from: field.fromColumn ? name : text, to: text }), { minLength: 1, maxLength: 3 }),
    conditions: fc.array(
      fc.record({
        column: name,
        is: fc.constantFrom(...(words.is ?? [])),
        value: text,
        values: fc.array(text, { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    dataset: text,
  };
  return ofField[field.input];
}

function settingsOf(kind: StepKind<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const arbitraries = Object.fromEntries(kind.fields.map((field) => [field.name, valueFor(field)]));
  return fc.record(arbitraries, {
    requiredKeys: kind.fields.filter(({ optional }) => !optional).map((field) => field.name),
  });
}

let carriedOut = 0;
const rowwise = stepKinds.filter(({ reach }) => reach === 'rowwise');

it.each(rowwise.map((kind) => [kind.name, kind] as const))(
  '%s is either refused or carried out, whatever names and texts are in it',
  async (_, kind) => {
    await fc.assert(
      fc.asyncProperty(
        settingsOf(kind),
        fc.constantFrom('empty' as const, 'drop' as const),
        async (settings, onFailure) => {
          const run = await runRecipe(table, [{ kind: kind.name, settings, onFailure }]);
          expect(run.rows.length + run.leftOut.length).toBe(table.rows.length);
          expect(run.columns).toEqual(
            Object.fromEntries(run.walked.schema.map((column) => [column.name, column.type])),
          );
          // A text is never empty: it is missing.
          expect(run.rows.flatMap((row) => Object.values(row))).not.toContain('');
          if (run.problems.length === 0) carriedOut += 1;
          else for (const { message, instead } of run.problems) expect([message, instead]).not.toContain('');
        },
      ),
      { numRuns: 20 },
    );
  },
);

it('carried many of them out', () => {
  expect(carriedOut).toBeGreaterThan(5 * rowwise.length);
});
