/**
 * A CSV of 10 GB comes in and goes through a recipe whose steps learn, sort and drop duplicates, with the memory that a
 * data engine is given by default: the ratio is the most that it had in use over that.
 *
 * `--mb 500` takes a smaller file, to try it. Needs three times the size of the file on disk.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openDataWorker } from '../data/open-data-worker.ts';
import type { Step } from '../domain/recipe/recipe.ts';
import { makeCustomers } from './made-customers.ts';
import { say, type Verdict } from './report.ts';
import { watchMemory } from './watch-memory.ts';

const { values: flags } = parseArgs({ options: { mb: { type: 'string', default: '10240' } } });
const memoryMb = 1024;
/** The engine keeps its tables to its own limit; buffers, Node and the code of both come on top of it. */
const limit = 2;
const step = (id: string, kind: string, settings: Step['settings']): Step => {
  return { id, kind, settings, on: true, onFailure: 'empty' };
};
const steps = [
  step('a', 'fill-missing', { columns: ['tenure'], with: 'median' }),
  step('b', 'trim-text', { columns: ['plan'], letters: 'lower' }),
  step('c', 'change-type', { columns: ['signup'], to: 'date' }),
  step('d', 'drop-missing', { columns: ['city'] }),
  step('e', 'scale', { columns: ['total_paid'] }),
  step('f', 'drop-duplicates', { columns: ['note'] }),
  step('g', 'sort-rows', { columns: ['total_paid'] }),
];

const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-large-'));
let verdict: Verdict;
try {
  const csv = join(folder, 'made.csv');
  const { rows, bytes } = await makeCustomers(csv, Number(flags.mb));
  say(`${(bytes / 1e9).toFixed(2)} GB of CSV, ${rows.toLocaleString('en-US')} rows`);
  const parquet = join(folder, 'made.parquet');
  const taken = await measured('in', (worker) =>
    worker.ingest({ path: csv, name: 'made.csv', toParquet: parquet, limitBytes: 1e12 }),
  );
  rmSync(csv);
  say(`${(statSync(parquet).size / 1e9).toFixed(2)} GB of Parquet`);
  const prepared = await measured('through the recipe', async (worker) => {
    const run = await worker.runRecipe({ parquet, steps, toParquet: join(folder, 'out.parquet') });
    say(`${run.rowsIn.toLocaleString('en-US')} rows in, ${run.rowsOut.toLocaleString('en-US')} out`);
  });
  const ratio = Number((Math.max(taken, prepared) / memoryMb).toFixed(3));
  verdict = { bench: 'large', ratio, limit, ok: ratio <= limit };
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(verdict)}\n`);
process.exitCode = verdict.ok ? 0 : 1;

/** The most memory that its processes had, in MB. */
async function measured(what: string, act: (worker: ReturnType<typeof openDataWorker>) => Promise<unknown>) {
  const worker = openDataWorker({ memoryMb, tempFolder: join(folder, 'tmp'), threads: 2 });
  const began = performance.now();
  const acting = act(worker);
  const most = watchMemory(() => worker.pids());
  try {
    await acting;
  } finally {
    await worker.close();
  }
  const megabytes = most();
  say(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s, at most ${megabytes.toFixed(0)} MB in memory`);
  return megabytes;
}
