import type { CaseTable, RecipeCase } from './write-cases.ts';

const ROWS = 400;

/** The same numbers on every machine: a linear congruential generator. */
function lots(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Customers, with what real data has: missing values, outliers, blanks, accents, equal values. */
function customers(): CaseTable {
  const lot = lots(7);
  const pick = (values: readonly string[]) => values[Math.floor(lot() ** 2 * values.length)] ?? null;
  const some = (value: string | null, missing: number) => (lot() < missing ? null : value);
  const day = () =>
    `2025-${String(1 + Math.floor(lot() * 12)).padStart(2, '0')}-${String(1 + Math.floor(lot() * 28)).padStart(2, '0')}`;
  const rows = Array.from({ length: ROWS }, (_, n) => [
    String(n),
    some(String(Math.floor(18 + lot() * 60)), 0.1),
    some(String((lot() - 0.3) * 10 ** Math.floor(lot() * 6)), 0.1),
    some(pick(['Rome', 'Oslo', 'Lima', 'São Paulo', "L'Aquila", 'Bonn', 'a "b"', 'Ürümqi']), 0.1),
    some(pick([' Basic', 'pro  plus', 'FREE', 'Basic']), 0.05),
    some(lot() < 0.5 ? 'true' : 'false', 0.1),
    some(day(), 0.1),
    some(`${day()} ${String(Math.floor(lot() * 24)).padStart(2, '0')}:30:00`, 0.1),
    lot() < 0.3 ? 'yes' : 'no',
  ]);
  return {
    columns: {
      id: 'BIGINT',
      age: 'BIGINT',
      spent: 'DOUBLE',
      city: 'VARCHAR',
      plan: 'VARCHAR',
      active: 'BOOLEAN',
      since: 'DATE',
      seen: 'TIMESTAMP',
      churned: 'VARCHAR',
    },
    rows,
  };
}

const cities: CaseTable = {
  columns: { name: 'VARCHAR', people: 'BIGINT', area: 'DOUBLE' },
  rows: [
    ['Rome', '2873000', '1285.31'],
    ['Oslo', '709000', null],
    ['Lima', '10092000', '2672.28'],
    ['Rome', '1', '1'],
    [null, '5', '5'],
    ['Nowhere', '0', '0'],
  ],
};

/** One for each kind and way of learning or shaping, by name; test_references.py knows what each has to come to. */
export function recipeCases(): Record<string, RecipeCase> {
  const table = customers();
  const one = (kind: string, settings: Record<string, unknown>): RecipeCase => ({ table, steps: [{ kind, settings }] });
  const numbers = { columns: ['age', 'spent'] };
  return {
    'fill mean': one('fill-missing', { ...numbers, with: 'mean' }),
    'fill median': one('fill-missing', { ...numbers, with: 'median' }),
    'fill mode': one('fill-missing', { columns: ['city', 'age', 'since'], with: 'most frequent' }),
    'fill mean by group': one('fill-missing', { ...numbers, with: 'mean', group: 'city' }),
    'scale standard': one('scale', { ...numbers, by: 'standard' }),
    'scale range': one('scale', { ...numbers, by: 'range' }),
    'scale robust': one('scale', { ...numbers, by: 'robust' }),
    'one-hot': one('one-hot', { columns: ['city'], most: 3 }),
    'ordinal given': one('ordinal-encode', { columns: ['city'], order: 'given', levels: ['Oslo', 'Rome', 'Lima'] }),
    'ordinal frequency': one('ordinal-encode', { columns: ['city', 'active'] }),
    'group rare': one('group-rare', { columns: ['city'], share: 0.12, word: 'else' }),
    'frequency share': one('frequency-encode', { columns: ['city', 'age'], as: 'share' }),
    'target class': {
      ...one('target-encode', { columns: ['city'], label: 'churned', chosen: 'yes', smoothing: 10 }),
      labels: ['churned'],
    },
    'target number': one('target-encode', { columns: ['city'], label: 'spent', smoothing: 2.5 }),
    'target folds': {
      ...one('target-encode', { columns: ['city'], label: 'churned', chosen: 'yes', smoothing: 10 }),
      folds: 4,
      labels: ['churned'],
    },
    'clip quantiles': one('clip-outliers', { columns: ['spent'], low: 0.05, high: 0.9 }),
    'clip middle half': one('clip-outliers', { ...numbers, by: 'middle half', times: 0.5, then: 'empty' }),
    'drop deviations': one('clip-outliers', { columns: ['spent'], by: 'deviations', times: 1, then: 'drop' }),
    'bin counts': one('bin', { columns: ['spent'], bins: 7 }),
    'bin width': one('bin', { columns: ['age'], bins: 4, by: 'equal width' }),
    join: {
      table,
      steps: [
        { kind: 'join', settings: { dataset: 'd1', keys: [{ from: 'city', to: 'name' }], take: ['people', 'area'] } },
      ],
      others: { d1: cities },
    },
    sort: one('sort-rows', { columns: ['city', 'spent'], order: 'down' }),
    sample: one('sample-rows', { rows: 50, seed: 3 }),
    duplicates: one('drop-duplicates', { columns: ['city', 'plan'], keep: 'last' }),
    'forward fill': one('forward-fill', { columns: ['spent', 'plan'], order: 'since', group: 'city' }),
    aggregate: one('aggregate-by-group', {
      groups: ['city'],
      measures: [
        ...['count', 'sum', 'mean', 'min', 'max', 'median', 'distinct'].map((to) => ({ from: 'spent', to })),
        ...['sum', 'mean', 'first', 'most frequent'].map((to) => ({ from: 'age', to })),
      ],
    }),
    trim: one('trim-text', { columns: ['plan'], letters: 'lower' }),
    'drop missing': one('drop-missing', { columns: ['age', 'city'] }),
    rename: one('rename-columns', {
      pairs: [
        { from: 'age', to: 'spent' },
        { from: 'spent', to: 'age' },
      ],
    }),
    select: one('select-columns', { columns: ['plan', 'id'], do: 'keep' }),
    all: {
      table,
      others: { d1: cities },
      labels: ['churned'],
      steps: [
        { kind: 'trim-text', settings: { columns: ['plan'], letters: 'lower' } },
        { kind: 'drop-missing', settings: { columns: ['churned'] } },
        { kind: 'join', settings: { dataset: 'd1', keys: [{ from: 'city', to: 'name' }], take: ['area'] } },
        { kind: 'clip-outliers', settings: { columns: ['spent'], low: 0.02, high: 0.98, then: 'drop' } },
        { kind: 'fill-missing', settings: { columns: ['age', 'spent', 'area'], with: 'mean', group: 'plan' } },
        { kind: 'sort-rows', settings: { columns: ['spent'] } },
        { kind: 'target-encode', settings: { columns: ['city'], label: 'churned', chosen: 'yes' } },
        { kind: 'one-hot', settings: { columns: ['plan'], most: 2 } },
        { kind: 'scale', settings: { columns: ['age', 'spent', 'area'] } },
      ],
    },
  };
}
