import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  subarray,
  uniqueArray,
} from 'fast-check';
import { columns, oddName, words } from './any-table.ts';
import type { StepDraft } from './run-recipe.ts';

const numeric = ['n', 'x'];
const texts = ['t', oddName, 'w'];
const categories = ['t', oddName, 'b', 'n'];
const dates = ['d', 's'];
const all = Object.keys(columns).filter((name) => name !== 'id' && name !== 'y');
/** Columns that other steps add, of several types: a step before may have made one. */
const made = ['made', 't_1', 'd_year', 'v'];

const some = (names: readonly string[]) =>
  oneof(
    { weight: 6, arbitrary: subarray([...names], { minLength: 1, maxLength: Math.min(3, names.length) }) },
    { weight: 1, arbitrary: subarray([...names, ...made], { minLength: 1, maxLength: 3 }) },
  );
const one = (names: readonly string[]) =>
  oneof({ weight: 6, arbitrary: constantFrom(...names) }, { weight: 1, arbitrary: constantFrom(...made) });
const newName = constantFrom('made', 'v', 'MADE 2', `new 'n' "m"`);

type Settings = Record<string, Arbitrary<unknown>>;

const step = (kind: string, ...ways: Settings[]): Arbitrary<StepDraft> =>
  record({
    kind: constant(kind),
    settings: oneof(...ways.map((settings) => record(settings))),
    onFailure: oneof(
      { weight: 9, arbitrary: constantFrom('empty' as const, 'drop' as const) },
      { weight: 1, arbitrary: constant('stop' as const) },
    ),
  });

const conditions = array(
  oneof(
    record({ column: constant('n'), is: constantFrom('=', '≠', '<', '<=', '>', '>='), value: constantFrom('0', '-7') }),
    record({ column: constant('x'), is: constantFrom('<', '>='), value: constantFrom('0', '2.5', '-1e3') }),
    record({
      column: constant('t'),
      is: constantFrom('contains', 'does not contain', 'starts with', 'ends with'),
      value: constantFrom('a', ' ', "'"),
    }),
    record({
      column: constant(oddName),
      is: constantFrom('is one of', 'is not one of'),
      values: subarray(words, { minLength: 1 }),
    }),
    record({ column: constantFrom(...all), is: constantFrom('is missing', 'is not missing') }),
    record({ column: constantFrom(...dates), is: constantFrom('<', '>'), value: constant('2024-06-01') }),
    record({ column: constant('b'), is: constantFrom('=', '≠'), value: constantFrom('yes', 'no') }),
  ),
  { minLength: 1, maxLength: 3 },
);
const truths = constantFrom(
  '[n] > 0 and [x] < 1000',
  `contains([t], 'a') or not [b]`,
  `year([d]) >= 2025`,
  `length([it's "u"]) = 1`,
);
const formulas = constantFrom(
  '[n] / ([n] - 7)',
  '[x] * 2 + [n]',
  `if([b], [x], -[x])`,
  `concat([t], '/', [it's "u"], '/', [n])`,
  `upper(left([t], 1))`,
  `days_between([d], [s])`,
  `to_number([w])`,
  `to_date([w])`,
  `round(ln([x]), 3)`,
  `weekday([d]) > 5 or [n] = 1`,
  `replace([t], 'a', '')`,
);

const measures = array(
  oneof(
    record({
      from: one(numeric),
      to: constantFrom('count', 'sum', 'mean', 'min', 'max', 'median', 'distinct', 'first', 'most frequent'),
    }),
    record({ from: one(all), to: constantFrom('count', 'min', 'max', 'distinct', 'first', 'most frequent') }),
    record({ from: constantFrom(...dates), to: constant('median') }),
    record({ from: constant('y'), to: constantFrom('first', 'most frequent') }),
  ),
  { maxLength: 4 },
);

/** Settings of every kind of step; what they are about may be gone or of another type by then, and they are refused. */
export const stepOf: Readonly<Record<string, Arbitrary<StepDraft>>> = {
  'aggregate-by-group': step('aggregate-by-group', {
    groups: oneof(
      subarray([...texts, 'b', 'd', 'y'], { minLength: 1, maxLength: 2 }),
      constantFrom('t', 'b', 'd').map((name) => [name, 'y']),
    ),
    measures,
  }),
  'bin-values': step('bin-values', {
    columns: some(numeric),
    edges: uniqueArray(integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 4 }).map((edges) =>
      edges.toSorted((a, b) => a - b),
    ),
    as: constantFrom('words', 'number'),
  }),
  bin: step('bin', {
    columns: some(numeric),
    by: constantFrom('equal counts', 'equal width'),
    bins: integer({ min: 2, max: 6 }),
    as: constantFrom('number', 'words'),
  }),
  'change-type': step(
    'change-type',
    { columns: some(['w', 't', 'n', 'x', 'b']), to: constantFrom('number', 'whole number', 'text', 'yes/no') },
    { columns: constant(['w']), to: constant('number'), decimal: constant(','), thousands: constant('.') },
    {
      columns: subarray(['w', 'd', 's'], { minLength: 1 }),
      to: constantFrom('date', 'date with time', 'text'),
      format: constantFrom('year-month-day', 'day.month.year'),
    },
    { columns: constant(['n']), to: constant('date with time'), format: constant('seconds since 1970') },
  ),
  'clip-outliers': step('clip-outliers', {
    columns: some(numeric),
    by: constantFrom('quantiles', 'middle half', 'deviations'),
    low: constant(0.1),
    high: constant(0.9),
    times: constantFrom(0.5, 1.5),
    then: constantFrom('clip', 'empty', 'drop'),
  }),
  'clip-values': step('clip-values', {
    columns: some(numeric),
    least: constantFrom(null, -10, 0.5),
    greatest: constantFrom(10, 20.5),
    outside: constantFrom('the bound', 'missing', 'leave out'),
  }),
  'combine-text': step('combine-text', {
    columns: some(all),
    separator: constantFrom(' ', '', `', "`),
    name: newName,
  }),
  'date-difference': step(
    'date-difference',
    {
      from: one(dates),
      until: constant('column'),
      column: constantFrom(...dates),
      unit: constantFrom('years', 'months', 'weeks', 'days', 'hours', 'seconds'),
      name: newName,
    },
    { from: constantFrom(...dates), until: constant('day'), day: constant('2025-03-31'), name: newName },
  ),
  'date-parts': step('date-parts', {
    column: constantFrom('d', 's', 'w'),
    parts: subarray(['year', 'quarter', 'month', 'week', 'day', 'weekday', 'dayofyear', 'weekend'], { minLength: 1 }),
    drop: boolean(),
  }),
  'drop-duplicates': step('drop-duplicates', {
    columns: subarray(['t', oddName, 'b', 'y'], { minLength: 1 }),
    keep: constantFrom('first', 'last'),
  }),
  'drop-missing': step('drop-missing', {
    columns: oneof({ weight: 5, arbitrary: some([...all, 'y']) }, { weight: 1, arbitrary: constant([]) }),
    when: constantFrom('any', 'all'),
  }),
  'extract-text': step(
    'extract-text',
    {
      column: one(texts),
      what: constantFrom('first letters', 'last letters'),
      letters: integer({ min: 1, max: 3 }),
      name: newName,
    },
    { column: one(texts), what: constant('pattern'), pattern: constantFrom('[a-z]+', '([0-9]+)', `'`), name: newName },
  ),
  'fill-missing': step(
    'fill-missing',
    {
      columns: some(numeric),
      with: constantFrom('mean', 'median', 'most frequent'),
      group: constantFrom('', oddName, 'b'),
    },
    { columns: some([...all, 'y']), with: constant('most frequent'), group: constantFrom('', 't', 'n') },
    { columns: some(dates), with: constant('median'), group: constantFrom('', oddName) },
    { columns: some([...texts, ...numeric]), with: constant('constant'), constant: constant('7') },
  ),
  'filter-rows': step(
    'filter-rows',
    { do: constantFrom('keep', 'drop'), match: constantFrom('all', 'any'), conditions },
    { do: constantFrom('keep', 'drop'), by: constant('formula'), formula: truths },
  ),
  'forward-fill': step('forward-fill', {
    columns: some(['x', 't', 'b', 'y']),
    order: constantFrom('n', 'd', 's'),
    group: constantFrom('', oddName),
  }),
  'frequency-encode': step('frequency-encode', { columns: some(categories), as: constantFrom('share', 'count') }),
  'group-rare': step(
    'group-rare',
    { columns: some(texts), share: constantFrom(0.1, 0.3) },
    {
      columns: some(texts),
      by: constant('count'),
      count: integer({ min: 1, max: 5 }),
      word: constantFrom('rare', 'b'),
    },
  ),
  join: step('join', {
    dataset: constant('d1'),
    keys: constantFrom(
      [{ from: 't', to: 'k' }],
      [
        { from: 't', to: 'k' },
        { from: oddName, to: 'l' },
      ],
      [{ from: 'n', to: 'm' }],
      [{ from: 'd', to: 'e' }],
    ),
    take: subarray(['v', 'l', 'm', 'e'], { minLength: 1 }),
    prefix: constantFrom('', 'their_'),
    repeated: constantFrom('first', 'first', 'first', 'stop'),
  }),
  'log-power': step('log-power', {
    columns: some(numeric),
    how: constantFrom('ln', 'log10', 'log1p', 'sqrt', 'square', 'power'),
    power: constantFrom(-1, 0.5, 3),
  }),
  'make-column': step('make-column', { name: oneof(newName, constantFrom('x', 't', 'n')), formula: formulas }),
  'one-hot': step('one-hot', {
    columns: some(categories),
    most: integer({ min: 1, max: 4 }),
    others: constantFrom('together', 'none'),
  }),
  'ordinal-encode': step(
    'ordinal-encode',
    { columns: some(categories) },
    { columns: some(['t', oddName]), order: constant('given'), levels: subarray(words, { minLength: 2 }) },
  ),
  'rename-columns': step('rename-columns', {
    pairs: constantFrom(
      [{ from: 'x', to: 'made' }],
      [
        { from: 't', to: 'w' },
        { from: 'w', to: 't' },
      ],
      [{ from: oddName, to: '; -- u' }],
      [{ from: 'n', to: 'N' }],
    ),
  }),
  'replace-values': step(
    'replace-values',
    {
      columns: some(['t', oddName]),
      what: constantFrom('whole value', 'part of a text'),
      pairs: array(record({ from: constantFrom(...words.slice(0, 5)), to: constantFrom('', 'other', "q'") }), {
        minLength: 1,
        maxLength: 3,
      }).map((pairs) => [{ from: 'a', to: "A'" }, ...pairs]),
    },
    { columns: constant(['n']), pairs: constant([{ from: '7', to: '' }]) },
  ),
  round: step('round', {
    columns: some(numeric),
    digits: integer({ min: -2, max: 1 }),
    how: constantFrom('nearest', 'down', 'up'),
  }),
  'sample-rows': step('sample-rows', {
    by: constantFrom('rows', 'share'),
    rows: integer({ min: 1, max: 30 }),
    share: constant(0.6),
    seed: integer({ min: 0, max: 3 }),
  }),
  scale: step('scale', { columns: some(numeric), by: constantFrom('standard', 'range', 'robust') }),
  'select-columns': step(
    'select-columns',
    { columns: some(all), do: constant('drop') },
    { columns: subarray(all, { minLength: 3 }).map((names) => ['id', ...names, 'y']), do: constant('keep') },
  ),
  'sort-rows': step('sort-rows', { columns: some([...all, 'y']), order: constantFrom('up', 'down') }),
  'split-text': step('split-text', {
    column: one(texts),
    separator: constantFrom(' ', '-', '.'),
    parts: integer({ min: 2, max: 3 }),
    drop: boolean(),
  }),
  'target-encode': step('target-encode', {
    columns: some(categories),
    label: constant('y'),
    chosen: constantFrom('yes', 'no'),
    smoothing: constantFrom(0, 10),
  }),
  'trim-text': step('trim-text', {
    columns: some(texts),
    letters: constantFrom('as they are', 'lower', 'upper', 'upper'),
  }),
};
