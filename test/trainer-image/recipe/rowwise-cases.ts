import type { CaseTable, RecipeCase } from './write-cases.ts';

/**
 * Values at which the engine and pandas could part: nothing, zero of both signs, what is no number or has no end, the
 * largest and the least, letters beyond ASCII, leap days, and days before 1970.
 */
const values = {
  n: ['BIGINT', null, '0', '-7', '1', '25', '9223372036854775807', '-9223372036854775808', '150', '-150', '35', '18'],
  x: ['DOUBLE', null, '0', '-0.0', 'nan', 'inf', '-inf', '1e308', '-2.5', '2.5', '0.125', '2.675'],
  word: [
    'VARCHAR',
    null,
    'Zürich',
    'ÄÖÜ-äöü-x-y',
    'ß',
    '東京 タワー',
    '😀-a',
    "O'Neil",
    'a-',
    '--',
    'İx',
    ' e\u0301 - 42 ',
  ],
  amount: [
    ...['VARCHAR', null, '1.234,56', '-0,5', '1.234.567', '12.34,5', 'abc'],
    ...['1e3', ' 7 ', '١٢', '9.223.372.036.854.775.808', 'NaN'],
  ],
  day: [
    ...['VARCHAR', null, '29.02.2024', '29.02.2023', '31.12.1969', '1.1.1900', '29.02.1900'],
    ...['29.02.2000', '31.04.2024', '1.2.24', ' 7.8.1921 ', '2024-02-29'],
  ],
  flag: ['VARCHAR', null, 'ja', 'JA', ' nein ', 'yes', '0', '1', 'vielleicht', 'нет', 'ДА', ''],
  d: [
    ...['DATE', null, '2024-02-29', '1969-12-31', '1970-01-01', '1900-02-28', '2000-02-29'],
    ...['2021-01-03', '2020-12-31', '0001-01-01', '9999-12-31', '1968-02-29'],
  ],
  t: [
    ...[
      'TIMESTAMP',
      null,
      '2024-03-31 00:00:00',
      '1969-12-31 23:59:59.5',
      '1970-01-01 00:00:00',
      '1900-03-01 12:30:00',
    ],
    ...['2001-02-28 00:00:00', '2021-02-03 11:59:59.999999', '2020-01-31 01:02:03', '0001-01-01 00:00:01'],
    ...['1968-03-29 00:00:00', '1967-02-28 23:00:00'],
  ],
} as const;

const names = Object.keys(values) as (keyof typeof values)[];
const edges: CaseTable = {
  columns: Object.fromEntries(names.map((name) => [name, values[name][0]])),
  rows: Array.from({ length: values.n.length - 1 }, (_, row) =>
    // A text is never empty in Trainyard.
    names.map((name) => values[name][row + 1] || null),
  ),
};

const formulas = (all: Record<string, string>): RecipeCase => ({
  table: edges,
  steps: Object.entries(all).map(([name, formula]) => ({ kind: 'make-column', settings: { name, formula } })),
});

type More = Pick<RecipeCase['steps'][number], 'onFailure'>;
const one = (kind: string, settings: Record<string, unknown>, more: More = {}): RecipeCase => ({
  table: edges,
  steps: [{ kind, settings, ...more }],
});
const each = (kind: string, all: Record<string, unknown>[]): RecipeCase => ({
  table: edges,
  steps: all.map((settings) => ({ kind, settings })),
});

const numbers = { columns: ['n', 'x'] };
const german = { columns: ['amount'], decimal: ',', thousands: '.' };
const filter = (settings: Record<string, unknown>) => one('filter-rows', settings);

/** Kinds that need their row only; test_rowwise_references.py knows what each has to come to. */
export const rowwiseCases = (): Record<string, RecipeCase> => ({
  'formula arithmetic': formulas({
    sum: '[n] + [x]',
    product: '[x] * 2 - 1',
    quotient: '1 / [x]',
    rest: '[n] % 4',
    power: '[x] ^ 3',
    root: 'sqrt([x])',
    log: 'ln([n])',
    exp: 'exp([x])',
    abs: 'abs([x])',
    floor: 'floor([x])',
    ceil: 'ceil([x])',
    rounded: 'round([x], 1)',
    tens: 'round([x] * 10, -1)',
    read: 'to_number([amount])',
  }),
  'formula text': formulas({
    lower: 'lower([word])',
    upper: 'upper([word])',
    trim: 'trim([word])',
    length: 'length([word])',
    left: 'left([word], 2)',
    right: 'right([word], 2)',
    middle: 'substring([word], 2, 3)',
    replaced: "replace([word], '-', ' to ')",
    joined: "concat([word], '/', [n], '/', [x])",
    has: "contains([word], '-')",
    starts: "starts_with([word], 'a')",
    ends: "ends_with([word], '-')",
  }),
  'formula dates': formulas({
    year: 'year([d])',
    month: 'month([t])',
    date: 'day([d])',
    weekday: 'weekday([d])',
    hour: 'hour([t])',
    days: 'days_between([d], [t])',
    read: "to_date([day], 'day.month.year')",
    later: "[d] > '1970-01-01'",
  }),
  'formula conditions': formulas({
    grown: 'if([n] >= 18, 1, 0)',
    first: 'coalesce([x], [n])',
    least: 'min([n], [x], 10)',
    greatest: 'max([n], [x], 10)',
    among: "[word] in ('ß', 'a-')",
    both: '[n] > 0 and [x] > 0',
    either: '[n] > 0 or [x] > 0',
    not: 'not ([x] > 0)',
    gone: '[x] is missing',
  }),
  'change number': one('change-type', { ...german, to: 'number' }),
  'change whole number': one('change-type', { ...german, to: 'whole number' }, { onFailure: 'drop' }),
  'change whole from number': one('change-type', { columns: ['x'], to: 'whole number' }),
  'change date': one('change-type', { columns: ['day'], to: 'date', format: 'day.month.year' }, { onFailure: 'drop' }),
  'change seconds': one('change-type', { columns: ['n'], to: 'date with time', format: 'seconds since 1970' }),
  'change yes/no': one('change-type', {
    columns: ['flag'],
    to: 'yes/no',
    yes: ['ja', 'да', '1'],
    no: ['nein', 'нет', '0'],
  }),
  'change text': one('change-type', { columns: ['n', 'x', 'd', 't'], to: 'text' }),
  'replace whole': each('replace-values', [
    {
      columns: ['word'],
      pairs: [
        { from: 'ß', to: 'a-' },
        { from: 'a-', to: '' },
      ],
    },
    { columns: ['x'], pairs: [{ from: '0', to: '7.5' }] },
    { columns: ['d'], pairs: [{ from: '1969-12-31', to: '2024-02-29' }] },
  ]),
  'replace parts': one('replace-values', {
    columns: ['word'],
    what: 'part of a text',
    pairs: [
      { from: '-', to: '' },
      { from: 'a', to: 'ä' },
      { from: 'ä', to: '東' },
    ],
  }),
  ...Object.fromEntries(
    ['ln', 'log10', 'log1p', 'sqrt', 'square'].map((how) => [how, one('log-power', { ...numbers, how })]),
  ),
  'power 3': one('log-power', { ...numbers, how: 'power', power: 3 }),
  'power -0.5': one('log-power', { ...numbers, how: 'power', power: -0.5 }, { onFailure: 'drop' }),
  split: one('split-text', { column: 'word', separator: '-', parts: 3 }),
  'split or drop': one('split-text', { column: 'word', separator: '-', parts: 2, drop: true }, { onFailure: 'drop' }),
  extract: each('extract-text', [
    { column: 'word', what: 'first letters', letters: 2, name: 'first' },
    { column: 'word', what: 'last letters', letters: 2, name: 'last' },
    { column: 'word', what: 'pattern', pattern: '-(.)', name: 'behind' },
    { column: 'day', what: 'pattern', pattern: '[0-9]{4}', name: 'digits' },
  ]),
  combine: one('combine-text', { columns: ['word', 'n', 'x', 'd'], separator: ' · ', name: 'all' }),
  'parts of days': one('date-parts', {
    column: 'd',
    parts: ['year', 'quarter', 'month', 'week', 'day', 'weekday', 'dayofyear', 'weekend'],
  }),
  'parts of times': one('date-parts', {
    column: 't',
    parts: ['hour', 'weekend', 'dayofyear', 'weekday', 'day', 'week', 'month', 'quarter', 'year'],
  }),
  differences: each(
    'date-difference',
    ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds'].flatMap((unit) => [
      { from: 'd', until: 'column', column: 't', unit, name: unit },
      { from: 't', until: 'day', day: '1970-01-01', unit, name: `${unit}_to_1970` },
    ]),
  ),
  'bin at edges': one('bin-values', { ...numbers, edges: [-2.5, 0, 18, 35], as: 'number' }),
  'bin words': one('bin-values', { columns: ['n'], edges: [0, 18.5] }),
  'clip to bounds': one('clip-values', { ...numbers, least: -2.5, greatest: 18.5 }),
  'clip to missing': one('clip-values', { ...numbers, least: 0, outside: 'missing' }),
  'clip rows': one('clip-values', { ...numbers, greatest: 25, outside: 'leave out' }),
  'round nearest': one('round', { ...numbers, digits: 1 }),
  'round tens': one('round', { ...numbers, digits: -1 }),
  'round down': one('round', { ...numbers, digits: -1, how: 'down' }),
  'round up': one('round', { ...numbers, digits: 1, how: 'up' }),
  'filter all': filter({
    conditions: [
      { column: 'n', is: '>', value: '0' },
      { column: 'x', is: '≠', value: '0.125' },
      { column: 'flag', is: '≠', value: 'ДА' },
    ],
  }),
  'filter any': filter({
    match: 'any',
    do: 'drop',
    conditions: [
      { column: 'word', is: 'contains', value: '-' },
      { column: 'n', is: 'is one of', values: ['0', '35'] },
      { column: 'd', is: '<', value: '1970-01-01' },
    ],
  }),
  'filter missing': filter({ conditions: [{ column: 'flag', is: 'is not missing' }] }),
  'filter formula': filter({ by: 'formula', formula: '[x] > 0 or [n] < 0' }),
  'select keep': one('select-columns', { columns: ['t', 'n'], do: 'keep' }),
  'select drop': one('select-columns', { columns: ['t', 'n'], do: 'drop' }),
});
