import {
  type Arbitrary,
  assert as assertProperty,
  array,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  nat,
  oneof,
  option,
  record,
  subarray,
  tuple,
} from 'fast-check';
import { applyFitted, fittedFrom } from './apply-fitted.ts';
import { type Cell, runRecipe, type StepDraft, type Table } from './run-recipe.ts';

const columns = {
  n: 'BIGINT',
  x: 'DOUBLE',
  t: 'VARCHAR',
  u: 'VARCHAR',
  b: 'BOOLEAN',
  d: 'DATE',
  y: 'VARCHAR',
} as const;
const numeric = ['n', 'x'];
const categories = ['t', 'u', 'b'];

const missing = <T>(some: Arbitrary<T>) => option(some, { nil: null, freq: 6 });
const words = ['a', 'b', 'c c', ' a', "d'", 'é"', 'other'];
const row: Arbitrary<Cell[]> = tuple(
  missing(integer({ min: -50, max: 50 })),
  missing(oneof(double({ min: -1e6, max: 1e6, noNaN: true }), constantFrom('inf', 'nan', 0.1, 0.2, 1e300))),
  missing(constantFrom(...words)),
  missing(constantFrom(...words.slice(0, 3))),
  missing(boolean()),
  missing(constantFrom('2026-01-01', '2026-02-28', '2024-02-29')),
  missing(constantFrom('yes', 'no')),
);
const table: Arbitrary<Table> = array(row, { minLength: 1, maxLength: 40 }).map((rows) => ({
  columns,
  rows,
  folds: rows.map((_, n) => n % 3),
}));

const of = (names: readonly string[]) => subarray([...names], { minLength: 1 });
const step = (kind: string, settings: Record<string, Arbitrary<unknown>>): Arbitrary<StepDraft> =>
  record({
    kind: constant(kind),
    settings: record(settings),
    onFailure: constantFrom('empty' as const, 'drop' as const),
  });

/** Steps that take each row by itself; what they are about may be gone or of another type by then, and they are passed over. */
const ownRow = [
  step('fill-missing', {
    columns: of(numeric),
    with: constantFrom('mean', 'median', 'most frequent'),
    group: constantFrom('', 'u'),
  }),
  step('fill-missing', { columns: of([...categories, 'd']) }),
  step('scale', { columns: of(numeric), by: constantFrom('standard', 'range', 'robust') }),
  step('clip-outliers', {
    columns: of(numeric),
    by: constantFrom('quantiles', 'middle half', 'deviations'),
    low: constant(0.1),
    high: constant(0.9),
    times: constantFrom(0.5, 1.5),
    then: constantFrom('clip', 'empty', 'drop'),
  }),
  step('bin', {
    columns: of(numeric),
    by: constantFrom('equal counts', 'equal width'),
    as: constantFrom('number', 'words'),
  }),
  step('one-hot', { columns: of(categories), most: integer({ min: 1, max: 4 }) }),
  step('ordinal-encode', { columns: of(categories) }),
  step('ordinal-encode', { columns: of(['t']), order: constant('given'), levels: constant(['b', 'a']) }),
  step('group-rare', { columns: of(['t', 'u']), share: constantFrom(0.1, 0.3) }),
  step('frequency-encode', { columns: of(categories), as: constantFrom('share', 'count') }),
  step('target-encode', { columns: of(['t', 'u']), label: constant('y'), chosen: constant('yes') }),
  step('trim-text', { columns: of(['t', 'u']), letters: constantFrom('as they are', 'upper') }),
  step('drop-missing', { columns: of(['n', 't', 'y']) }),
  step('join', {
    dataset: constant('d1'),
    keys: constantFrom(
      [{ from: 't', to: 'k' }],
      [
        { from: 't', to: 'k' },
        { from: 'u', to: 'l' },
      ],
    ),
    take: of(['v', 'l']),
    prefix: constantFrom('', 'their_'),
  }),
];
const ofTable = [
  step('sort-rows', { columns: of(Object.keys(columns)), order: constantFrom('up', 'down') }),
  step('sample-rows', {
    by: constantFrom('rows', 'share'),
    rows: integer({ min: 1, max: 30 }),
    share: constant(0.6),
  }),
  step('drop-duplicates', { columns: subarray(['t', 'u', 'b']), keep: constantFrom('first', 'last') }),
  step('forward-fill', { columns: of(['x', 't']), order: constantFrom('n', 'd'), group: constantFrom('', 'u') }),
];
const others = {
  d1: {
    name: 'theirs',
    columns: { k: 'VARCHAR', l: 'VARCHAR', v: 'DOUBLE' },
    rows: [
      ['a', 'a', 1.5],
      ['a', 'b', 2.5],
      ["d'", 'a', null],
      ['z', 'a', 4],
      [null, 'a', 5],
    ],
  },
} as const;
const around = { others, folds: 3 };
const recipe = (kinds: Arbitrary<StepDraft>[]) => array(oneof(...kinds), { minLength: 1, maxLength: 5 });
/** Each run takes some 20 ms in the data engine; together they stay within seconds. */
const bounded = (numRuns: number) => ({
  numRuns,
  interruptAfterTimeLimit: 1500,
  markInterruptAsFailure: false,
});
const labels = ['y'];

describe('any recipe over any table', () => {
  it('comes to the same on one thread as on two', async () => {
    await assertProperty(
      asyncProperty(table, recipe([...ownRow, ...ofTable]), async (given, steps) => {
        const [one, two] = [
          await runRecipe(given, steps, { ...around, threads: 1 }),
          await runRecipe(given, steps, { ...around, threads: 2 }),
        ];
        expect(two.rows).toEqual(one.rows);
        expect(two.leftOut).toEqual(one.leftOut);
        expect(two.walked.steps.map(({ learned }) => learned)).toEqual(one.walked.steps.map(({ learned }) => learned));
      }),
      bounded(60),
    );
  });

  it('learns the same to the last bit from many rows on any number of threads', async () => {
    const many = {
      columns: { x: 'DOUBLE', t: 'VARCHAR', y: 'DOUBLE' },
      rows: [],
      fill: `SELECT range, NULL, range % 3, sin(range) * pow(10, range % 20 - 10), 'v' || (range % 11), cos(range) FROM range(250000)`,
    } as const;
    const steps = [
      { kind: 'fill-missing', settings: { columns: ['x'], with: 'mean', group: 't' } },
      { kind: 'scale', settings: { columns: ['x'] } },
      { kind: 'target-encode', settings: { columns: ['t'], label: 'y' } },
      { kind: 'sample-rows', settings: { rows: 500 } },
    ];
    const [one, two] = [await runRecipe(many, steps, { threads: 1 }), await runRecipe(many, steps, { threads: 4 })];
    expect(two.walked.steps.map(({ learned }) => learned)).toEqual(one.walked.steps.map(({ learned }) => learned));
    expect(two.rows).toEqual(one.rows);
  });

  it('shows in a preview of the first rows what the full run begins with', async () => {
    await assertProperty(
      asyncProperty(table, recipe(ownRow), integer({ min: 1, max: 10 }), async (given, steps, first) => {
        const full = await runRecipe(given, steps, around);
        // What was learned from all rows is replayed on the first ones.
        const fits = full.walked.steps.map(({ learned }) => learned);
        const head = { ...given, rows: given.rows.slice(0, first) };
        const preview = await runRecipe(head, steps, { ...around, replay: fits });
        const leftOut = full.leftOut.filter(({ row: out }) => out < first);
        expect(preview.leftOut).toEqual(leftOut);
        expect(preview.rows).toEqual(full.rows.slice(0, Math.min(first, given.rows.length) - leftOut.length));
      }),
      bounded(60),
    );
  });

  it('predicts one row alone as it does among others, and never asks for the label', async () => {
    await assertProperty(
      asyncProperty(table, recipe([...ownRow, ...ofTable]), nat(), async (given, drafts, which) => {
        const whole = await runRecipe(given, drafts, around);
        const steps = drafts.filter((_, n) => whole.walked.steps[n]?.problems.length === 0);
        const run = await runRecipe(given, steps, around);
        const fitted = fittedFrom(run, given, { labels }, others);
        expect(fitted.inputColumns.map(({ name }) => name)).not.toContain('y');
        const names = Object.keys(columns).filter((name) => name !== 'y');
        const asked = (rows: Table['rows']): Table => ({
          columns: Object.fromEntries(names.map((name) => [name, columns[name as keyof typeof columns]])),
          rows: rows.map((cells) => cells.slice(0, -1)),
        });
        const batch = await applyFitted(fitted, asked(given.rows), { run, others, threads: 2 });
        expect(batch.rows).toHaveLength(given.rows.length);
        const at = which % given.rows.length;
        const alone = await applyFitted(fitted, asked(given.rows.slice(at, at + 1)), { run, others });
        expect(alone.rows).toEqual([batch.rows[at]]);
      }),
      bounded(60),
    );
  });

  it('predicts a training row as it was trained with, where nothing was cross-fitted', async () => {
    await assertProperty(
      asyncProperty(table, recipe(ownRow), async (given, drafts) => {
        const whole = await runRecipe(given, drafts, { others });
        const steps = drafts.filter(
          (draft, n) => whole.walked.steps[n]?.problems.length === 0 && !(draft.kind === 'drop-missing'),
        );
        const run = await runRecipe(given, steps, { others });
        const fitted = fittedFrom(run, given, { labels }, others);
        const { rows } = await applyFitted(fitted, given, { run, others });
        const kept = rows.filter(([out]) => out === null).map(([, ...cells]) => cells);
        expect(kept).toEqual(run.rows.map((each) => fitted.outputColumns.map(({ name }) => each[name])));
      }),
      bounded(60),
    );
  });
});
