/**
 * A recipe of six steps on a large table: against the same SQL in plain DuckDB, against pandas and polars, side by side;
 * how long a preview takes on a large table and on a small one; and whether the process beside it stays free.
 *
 * `--mb 50` takes a smaller table than one of 1 GB, to try it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openDataWorker } from '../data/open-data-worker.ts';
import type { Step } from '../domain/recipe/recipe.ts';
import { buildEnvironment } from '../infra/local/build-environment.ts';
import { loadSettings } from '../settings/settings.ts';
import { findPython } from '../tools/python.ts';
import { makeCustomers } from './made-customers.ts';
import { quantile, say } from './report.ts';
import { watchMemory } from './watch-memory.ts';

const { values: flags } = parseArgs({ options: { mb: { type: 'string', default: '1000' } } });
const megabytes = Number(flags.mb);
const rounds = 5;
const previews = 200;
const memoryMb = 1024;
const threads = 2;
const limits = {
  plain: 1.15,
  pandas: 0.5,
  pandasMemory: 1 / 3,
  polars: 1.2,
  previewMs: 60,
  previewRatio: 1.5,
  loopMs: 20,
};

const step = (id: string, kind: string, settings: Step['settings']): Step => {
  return { id, kind, settings, on: true, onFailure: 'empty' };
};
const trim = step('b', 'trim-text', { columns: ['plan'], letters: 'lower' });
const steps = [
  step('a', 'fill-missing', { columns: ['tenure'], with: 'median' }),
  trim,
  step('c', 'change-type', { columns: ['signup'], to: 'date' }),
  step('d', 'drop-missing', { columns: ['city'] }),
  step('e', 'scale', { columns: ['total_paid'] }),
  step('f', 'clip-values', { columns: ['monthly_fee'], least: 20, greatest: 110 }),
];

interface Taken {
  seconds: number;
  /** The most memory that was seen in use. */
  megabytes: number;
}

const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-data-'));
const worker = openDataWorker({ memoryMb, tempFolder: join(folder, 'tmp'), threads });
const loop = monitorEventLoopDelay({ resolution: 1 });
try {
  const ok = await compare();
  process.exitCode = ok ? 0 : 1;
} finally {
  await worker.close();
  rmSync(folder, { recursive: true, force: true });
}

async function compare(): Promise<boolean> {
  const python = await bringPython();
  const large = await makeDataset(megabytes);
  const small = await makeDataset(1);
  loop.enable();
  const latencies = await timePreviews(small, large);
  loop.disable();
  const runs = await timeRuns(large, python);
  const best = (taken: readonly Taken[]) => Math.min(...taken.map(({ seconds }) => seconds));
  const most = (taken: readonly Taken[]) => Math.max(...taken.map(({ megabytes: used }) => used));
  const ours = best(runs.ours);
  const fixed = (value: number) => Number(value.toFixed(3));
  const figures = {
    plain: fixed(ours / best(runs.plain)),
    pandas: fixed(ours / best(runs.pandas)),
    pandasMemory: fixed(most(runs.ours) / most(runs.pandas)),
    polars: fixed(ours / best(runs.polars)),
    previewMs: fixed(Math.max(...Object.values(latencies).map(({ large: taken }) => quantile(taken, 0.99)))),
    previewRatio: fixed(
      Math.max(...Object.values(latencies).map((taken) => quantile(taken.large, 0.5) / quantile(taken.small, 0.5))),
    ),
    loopMs: fixed(loop.percentile(99) / 1e6),
  };
  const missed = Object.entries(limits).flatMap(([name, limit]) => {
    const value = figures[name as keyof typeof figures];
    return value <= limit ? [] : [`${name} is ${value}, not at most ${fixed(limit)}`];
  });
  for (const each of missed) say(each);
  const verdict = { bench: 'data', ratio: figures.plain, limit: limits.plain, ok: missed.length === 0, figures };
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
  return verdict.ok;
}

async function makeDataset(size: number): Promise<string> {
  const csv = join(folder, `made-${size}.csv`);
  const { rows, bytes } = await makeCustomers(csv, size);
  const parquet = join(folder, `made-${size}.parquet`);
  await worker.ingest({ path: csv, name: 'made.csv', toParquet: parquet, limitBytes: 1e11 });
  rmSync(csv);
  const parquetMb = statSync(parquet).size / 1e6;
  say(
    `${(bytes / 1e6).toFixed(0)} MB of CSV, ${rows.toLocaleString('en-US')} rows: ${parquetMb.toFixed(1)} MB of Parquet`,
  );
  return parquet;
}

/** The settings change at each call, as when somebody types; the small table and the large one take turns. */
async function timePreviews(small: string, large: string) {
  const recipes: Record<string, (n: number) => Step[]> = {
    'row by row': (n) => [
      step('a', 'fill-missing', { columns: ['city'], with: 'constant', constant: `town ${n}` }),
      trim,
    ],
    fitted: (n) => [...steps.slice(0, 5), step('f', 'clip-values', { columns: ['monthly_fee'], least: n / 10 })],
    sorted: (n) => [trim, step('s', 'sort-rows', { columns: n % 2 === 0 ? ['score'] : ['total_paid'] })],
  };
  const taken: Record<string, { small: number[]; large: number[] }> = {};
  for (const [name, recipe] of Object.entries(recipes)) {
    const times = { small: [] as number[], large: [] as number[] };
    for (let n = -10; n < previews; n += 1) {
      for (const [size, parquet] of [
        ['small', small],
        ['large', large],
      ] as const) {
        const began = performance.now();
        const shown = await worker.recipePreview({ parquet, steps: recipe(n + 20), rows: 'first', key: size });
        if (n >= 0) times[size].push(performance.now() - began);
        if (shown.steps.some(({ problems }) => problems.length > 0)) throw new Error(`A preview ${name} has problems.`);
      }
    }
    taken[name] = times;
    const text = (values: number[]) => `${quantile(values, 0.5).toFixed(1)} / ${quantile(values, 0.99).toFixed(1)} ms`;
    say(`preview, ${name}: p50 / p99 ${text(times.small)} of 1 MB, ${text(times.large)} of ${megabytes} MB`);
  }
  const began = performance.now();
  await worker.recipePreview({ parquet: large, steps, rows: 'first', exact: true });
  say(`preview of the whole file, exact: ${((performance.now() - began) / 1000).toFixed(2)} s`);
  return taken;
}

async function timeRuns(parquet: string, python: string) {
  const to = (name: string) => join(folder, `${name}.parquet`);
  const tables = join(import.meta.dirname, 'tables');
  const plain = [join(import.meta.dirname, 'plain-duckdb.ts'), parquet, to('plain'), JSON.stringify(steps)];
  const ways: Record<'ours' | 'plain' | 'polars' | 'pandas', () => Promise<Taken>> = {
    ours: () => timeOurs(parquet, to('ours')),
    plain: () => timeProgram(process.execPath, [...plain, String(memoryMb), String(threads)]),
    polars: () => timeProgram(python, [join(tables, 'polars_recipe.py'), parquet, to('polars')]),
    pandas: () => timeProgram(python, [join(tables, 'pandas_recipe.py'), parquet, to('pandas')]),
  };
  const runs: Record<keyof typeof ways, Taken[]> = { ours: [], plain: [], polars: [], pandas: [] };
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of Object.keys(ways) as (keyof typeof ways)[]) {
      const taken = await ways[name]();
      runs[name].push(taken);
      say(`round ${round}: ${name.padEnd(6)} ${taken.seconds.toFixed(2)} s, ${taken.megabytes.toFixed(0)} MB`);
    }
  }
  return runs;
}

/** With a child of its own, begun with the clock running, as the others are. */
async function timeOurs(parquet: string, toParquet: string): Promise<Taken> {
  const data = openDataWorker({ memoryMb, tempFolder: join(folder, 'tmp'), threads });
  loop.enable();
  const began = performance.now();
  const running = data.runRecipe({ parquet, steps, toParquet });
  const memory = watchMemory(() => data.pids());
  await running;
  const seconds = (performance.now() - began) / 1000;
  loop.disable();
  await data.close();
  return { seconds, megabytes: memory() };
}

async function timeProgram(program: string, args: string[]): Promise<Taken> {
  const began = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, POLARS_MAX_THREADS: String(threads), NODE_NO_WARNINGS: '1' },
  });
  const memory = watchMemory(() => (child.pid === undefined ? [] : [child.pid]));
  const [code] = await once(child, 'exit');
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}.`);
  return { seconds, megabytes: memory() };
}

async function bringPython(): Promise<string> {
  const { cacheFolder, pythonPath } = loadSettings();
  const { path, version } = await findPython(pythonPath);
  const lock = join(import.meta.dirname, 'tables/requirements.lock');
  const hash = createHash('sha256').update(readFileSync(lock)).update(version).digest('hex').slice(0, 16);
  const place = join(cacheFolder, 'tools', `python-tables-${hash}`);
  if (!existsSync(join(place, '.ready'))) {
    await buildEnvironment(path, { place, lock, cacheFolder, title: 'pandas and polars', megabytes: 120 }, say);
  }
  return join(place, 'bin/python');
}
