import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type DataWorker, openDataWorker } from '../../../data/open-data-worker.ts';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import type { Step } from '../../../domain/recipe/recipe.ts';
import { quoteText } from '../../../domain/recipe/sql-text.ts';
import { step } from './recipe-fixture.ts';

/** In the engine's memory these rows take about 100 MB, and what groups them several times that. */
const ROWS = 700_000;
const MEMORY_MB = 64;
/** Far more than a lookup usually has; a million of them, as many as are allowed, need more memory than this. */
const PARTNERS = 100_000;
let folder: string;
let worker: DataWorker;
let parquet: string;
let partners: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-memory-'));
  parquet = join(folder, 'data.parquet');
  const engine = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await engine.connect();
  await connection.run(`COPY (
    SELECT range AS n, sin(range) * 1000 AS x, 'a text of its own ' || (range * 7919) % ${ROWS} AS t,
      'g' || range % 500 AS g, CASE WHEN range % 3 = 0 THEN 'yes' ELSE 'no' END AS y,
      CASE WHEN range % 4 > 0 THEN 'rare ' || range // 2 END AS r
    FROM range(${ROWS})
  ) TO ${quoteText(parquet)} (FORMAT parquet, ROW_GROUP_SIZE 30000)`);
  partners = join(folder, 'partners.parquet');
  await connection.run(`COPY (
    SELECT range * 2 AS k, 'partner ' || range AS name, cos(range) AS v FROM range(${PARTNERS})
  ) TO ${quoteText(partners)} (FORMAT parquet)`);
  connection.closeSync();
  engine.closeSync();
  worker = openDataWorker({ memoryMb: MEMORY_MB, tempFolder: join(folder, 'tmp'), threads: 2 });
}, 60_000);
afterAll(async () => {
  await worker.close();
  await rm(folder, { recursive: true, force: true });
});

const steps: [string, Step][] = [
  ['fill-missing', step('a', 'fill-missing', { columns: ['r'] })],
  ['fill-missing in groups', step('a', 'fill-missing', { columns: ['r'], group: 'g' })],
  ['fill-missing with the median', step('a', 'fill-missing', { columns: ['x'], with: 'median', group: 'g' })],
  ['fill-missing with the mean', step('a', 'fill-missing', { columns: ['x'], with: 'mean', group: 'g' })],
  ['scale by the deviation', step('a', 'scale', { columns: ['x', 'n'] })],
  ['scale', step('a', 'scale', { columns: ['x'], by: 'robust' })],
  ['clip-outliers', step('a', 'clip-outliers', { columns: ['x', 'n'], by: 'quantiles' })],
  ['clip-outliers by deviations', step('a', 'clip-outliers', { columns: ['x'], by: 'deviations', then: 'drop' })],
  ['bin', step('a', 'bin', { columns: ['x'], by: 'equal counts' })],
  ['one-hot', step('a', 'one-hot', { columns: ['t'] })],
  ['group-rare', step('a', 'group-rare', { columns: ['t'] })],
  ['frequency-encode', step('a', 'frequency-encode', { columns: ['g'] })],
  ['target-encode', step('a', 'target-encode', { columns: ['g'], label: 'y', chosen: 'yes' })],
  ['ordinal-encode', step('a', 'ordinal-encode', { columns: ['g'] })],
  ['join', step('a', 'join', { dataset: 'd1', keys: [{ from: 'n', to: 'k' }], take: ['name', 'v'] })],
  ['sort-rows', step('a', 'sort-rows', { columns: ['t'] })],
  ['sample-rows', step('a', 'sample-rows', { rows: 500_000 })],
  ['drop-duplicates', step('a', 'drop-duplicates', { columns: ['t'] })],
  ['forward-fill', step('a', 'forward-fill', { columns: ['r'], order: 'n' })],
  [
    'aggregate-by-group',
    step('a', 'aggregate-by-group', {
      groups: ['g'],
      measures: ['most frequent', 'first', 'min'].map((to) => ({ from: 't', to })),
    }),
  ],
];

test('has every kind of step that learns or needs other rows', () => {
  const needed = stepKinds.filter(({ reach }) => reach !== 'rowwise').map(({ name }) => name);
  expect([...new Set(steps.map(([, { kind }]) => kind))].toSorted()).toEqual(needed.toSorted());
});

test.each(steps)(
  `%s goes through ${ROWS} rows with ${MEMORY_MB} MB`,
  async (_, each) => {
    const others = [{ datasetId: 'd1', name: 'partners', parquet: partners }];
    const run = await worker.runRecipe({ parquet, steps: [each], others, toParquet: join(folder, 'out.parquet') });
    expect(run.steps[0]?.problems).toEqual([]);
    expect(run.rowsIn).toBe(ROWS);
  },
  60_000,
);
