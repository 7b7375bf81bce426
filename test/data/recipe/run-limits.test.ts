import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataProgress } from '../../../data/data-calls.ts';
import { type DataWorker, openDataWorker } from '../../../data/open-data-worker.ts';
import { makeCustomers } from '../../../bench/made-customers.ts';
import { type DataFixture, failureOf, openFixture } from '../data-fixture.ts';
import { dropNoCity, step } from './recipe-fixture.ts';

const sortAll = step('s', 'sort-rows', { columns: ['note', 'score'] });
const fill = step('f', 'fill-missing', { columns: ['tenure'], with: 'median' });

let fixture: DataFixture;
let parquet: string;
let rows: number;
beforeAll(async () => {
  fixture = await openFixture();
  const csv = join(fixture.folder, 'customers.csv');
  ({ rows } = await makeCustomers(csv, 80));
  parquet = join(fixture.folder, 'customers.parquet');
  await fixture.worker.ingest({ path: csv, name: 'customers.csv', toParquet: parquet });
}, 60_000);
afterAll(() => fixture.close());

function begin(worker: DataWorker, toParquet: string, signal?: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const doing = new Set<DataProgress['doing']>();
  const ended = worker.runRecipe({
    parquet,
    steps: [fill, dropNoCity, sortAll],
    toParquet,
    toCsv: `${toParquet}.csv`,
    signal,
    onProgress: (progress) => {
      doing.add(progress.doing);
      if (progress.doing === 'writing' && progress.rows > 0) resolve();
    },
  });
  return { ended, writing: promise, doing };
}

test('a child that is killed in the middle leaves no half file, says so, and the next call works', async () => {
  const to = join(fixture.folder, 'killed.parquet');
  const before = new Set(fixture.worker.pids());
  const { ended, writing } = begin(fixture.worker, to);
  const failed = failureOf(ended);
  await writing;
  const [pid] = fixture.worker.pids().filter((each) => !before.has(each));
  process.kill(pid as number, 'SIGKILL');
  const failure = await failed;
  expect(failure.type).toBe('EngineUnavailable');
  expect(failure.message).toMatch(/ended in the middle of its work \(SIGKILL\)/);
  expect(existsSync(to)).toBe(false);
  expect(existsSync(`${to}.csv`)).toBe(false);
  expect(await fixture.strays()).toEqual([]);
  const run = await fixture.worker.runRecipe({ parquet, steps: [fill], toParquet: to });
  expect(run.rowsOut).toBe(rows);
}, 60_000);

test('a run that is cancelled ends at once with the reason, and leaves nothing', async () => {
  const to = join(fixture.folder, 'cancelled.parquet');
  const abort = new AbortController();
  const { ended, writing } = begin(fixture.worker, to, abort.signal);
  const failed = expect(ended).rejects.toThrow('The person left.');
  await writing;
  const began = Date.now();
  abort.abort(new Error('The person left.'));
  await failed;
  expect(Date.now() - began).toBeLessThan(2500);
  expect(existsSync(to)).toBe(false);
  expect(await fixture.strays()).toEqual([]);
}, 60_000);

test('a table larger than the memory is sorted by spilling to the disk', async () => {
  const tempFolder = join(fixture.folder, 'spilled');
  const worker = openDataWorker({ memoryMb: 100, tempFolder, threads: 2 });
  const to = join(fixture.folder, 'sorted.parquet');
  let spilled = false;
  const watch = setInterval(() => {
    void readdir(tempFolder, { recursive: true }).then((names) => {
      spilled ||= names.some((name) => /spill\/.*duckdb_temp/.test(name));
    });
  }, 20);
  try {
    const run = await worker.runRecipe({ parquet, steps: [sortAll], toParquet: to });
    expect(run.rowsOut).toBe(rows);
  } finally {
    clearInterval(watch);
    await worker.close();
  }
  expect(spilled).toBe(true);
  const shown = await fixture.worker.rows({
    parquet: to,
    limit: 2000,
    offset: Math.floor(rows / 2),
    columns: ['note'],
  });
  const notes = shown.rows.map(([note]) => note as string);
  expect(notes).toEqual(notes.toSorted());
}, 60_000);

test('an upload does not wait for a run, nor a preview', async () => {
  const abort = new AbortController();
  const to = join(fixture.folder, 'beside.parquet');
  const { ended, writing } = begin(fixture.worker, to, abort.signal);
  const failed = ended.catch(() => 'cancelled');
  await writing;
  await fixture.ingest('a,b\n1,x\n2,y\n');
  await fixture.worker.recipePreview({ parquet, steps: [fill], rows: 'first' });
  await fixture.worker.recipeCheck({ parquet, steps: [] });
  abort.abort();
  expect(await failed).toBe('cancelled');
}, 60_000);
