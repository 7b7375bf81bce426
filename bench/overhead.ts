/**
 * A job's wall time through the whole product over the same AutoGluon fit called directly, in the same run.
 *
 * What is compared: the engine's "best" preset on both sides, on the same Parquet file, the same rows held out, the same
 * models to try, in the same environment, one after the other on an otherwise idle installation. "Best" has far more
 * models than a minute can fit, so AutoGluon uses its time to the end on both sides, however fast the machine is: the
 * wall time of a fit that ends by itself would mostly say what else the machine was doing. The limit begins with the
 * process for the direct call and with the machine for the job; start and imports are in it on both sides.
 *
 * What would flatter us is added: a job that comes to its fit later than the direct call gives AutoGluon less time
 * and ends no later for it, so the seconds that its fit began later count as extra. The report (the held-out rows,
 * the importance of columns) is work that the direct call does not do; it is taken out and printed. Saving, packing,
 * signing and taking in the model is what a job is for, and counts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { engineEnvironments } from '../infra/local/engine-environments.ts';
import { loadSettings } from '../settings/settings.ts';
import { apiAt, type JobView } from '../test/e2e/api.ts';
import { customers } from '../test/e2e/made-tables.ts';
import { openRunningYard } from '../test/e2e/running-yard.ts';
import { conclude, say } from './report.ts';

const rounds = 2;
const limitSeconds = 60;
const mostExtraSeconds = 5;
const mostRatio = 1.1;
const label = 'leaves';

const root = join(import.meta.dirname, '..');
const trainerFolder = join(root, 'trainer-image');
const settings = loadSettings(process.env, root);
const environments = engineEnvironments({
  cacheFolder: settings.cacheFolder,
  trainerFolder,
  pythonPath: settings.pythonPath || 'python3',
});
const python = await environments.prepare('autogluon', say);
const yard = await openRunningYard();
const api = apiAt(yard.url);
const folder = mkdtempSync(join(tmpdir(), 'trainyard-overhead-'));

interface Direct {
  wall: number;
  imports: number;
  load: number;
  fit: number;
  /** From the start of the process to the fit. */
  toFit: number;
  models: string[];
}

interface Detail extends JobView {
  createdAtMs: number;
  attempts: { startedAtMs: number; endedAtMs: number }[];
  timeline: { atMs: number; kind: string; phase: string | null }[];
}

interface Report {
  seconds: { load: number; fit: number; report: number };
  leaderboard: { model: string }[];
}

try {
  const { id: datasetId } = await api.upload('customers.csv', customers(8000));
  // What the first job of an installation pays once is not paid by every job.
  await through(datasetId, 15);
  const directSeconds: number[] = [];
  const jobSeconds: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const direct = await directly(theParquet());
    say(
      `round ${round}, called directly: ${direct.wall.toFixed(2)} s (imports ${direct.imports.toFixed(2)}, load ${direct.load.toFixed(2)}, fit ${direct.fit.toFixed(2)}; ${direct.models.length} models)`,
    );
    const job = await through(datasetId, limitSeconds);
    const later = Math.max(0, job.toFit - direct.toFit);
    const counted = job.wall - job.report + later;
    directSeconds.push(direct.wall);
    jobSeconds.push(counted);
    say(
      `round ${round}, as a job: ${job.wall.toFixed(2)} s, of which report ${job.report.toFixed(2)} (${job.models} models)`,
    );
    for (const [step, took] of job.steps) say(`  ${took.toFixed(2).padStart(6)} s  ${step}`);
    say(
      `  its fit began ${later.toFixed(2)} s later in its limit than when called directly; counted: ${counted.toFixed(2)} s`,
    );
  }
  // What else the machine does only lengthens either side: the shortest of each is nearest to what they take by themselves.
  const direct = Math.min(...directSeconds);
  const extra = Math.min(...jobSeconds) - direct;
  const ratio = (direct + extra) / direct;
  say(`extra ${extra.toFixed(2)} s (limit ${mostExtraSeconds}), ratio ${ratio.toFixed(3)} (limit ${mostRatio})`);
  await yard.remove();
  conclude({
    bench: 'overhead',
    ratio: Number(ratio.toFixed(3)),
    limit: mostRatio,
    ok: ratio <= mostRatio && extra <= mostExtraSeconds,
  });
} finally {
  await yard.remove();
  rmSync(folder, { recursive: true, force: true });
}

async function directly(table: string): Promise<Direct> {
  const facts = join(folder, 'facts.json');
  const models = join(folder, 'models');
  const args = [join(import.meta.dirname, 'direct_autogluon.py'), table, label, String(limitSeconds), models, facts];
  const began = performance.now();
  const child = spawn(python, args, {
    // As the trainer runs it: without this, threads that spin make it many times slower on a busy machine.
    env: { ...process.env, OMP_WAIT_POLICY: 'PASSIVE', PYTHONPATH: trainerFolder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const wall = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`AutoGluon called directly ended with ${code}:\n${said}`);
  rmSync(models, { recursive: true, force: true });
  return { wall, ...(JSON.parse(readFileSync(facts, 'utf8')) as Omit<Direct, 'wall'>) };
}

async function through(datasetId: string, trainingSeconds: number) {
  const id = crypto.randomUUID();
  const asked = {
    id,
    name: 'overhead',
    datasetId,
    task: { kind: 'binary', labels: [label], metric: 'roc_auc' },
    engine: { name: 'autogluon', settings: { preset: 'best' } },
    limits: { trainingSeconds },
  };
  const beganMs = Date.now();
  await api.post('/jobs', asked, { 'idempotency-key': id });
  const view = await api.done(id, 600);
  const doneMs = Date.now();
  if (view.outcome !== 'succeeded' || view.attempt !== 1) throw new Error(`The job ended otherwise: ${view.reason}`);
  const detail = await api.json<Detail>(`/jobs/${id}`);
  const report = JSON.parse(readFileSync(join(yard.dataFolder, `store/models/${id}/report.json`), 'utf8')) as Report;
  const log = await api.log(id);
  const fitMs = saidAt(log, 'Beginning AutoGluon training');
  const wroteMs = saidAt(log, 'Wrote ');
  const phase = (name: string) => detail.timeline.find((entry) => entry.phase === name)?.atMs ?? Number.NaN;
  // The limit begins when the machine is ordered, a moment after this.
  const limitBeganMs = phase('provisioning');
  const endMs = detail.attempts[0]?.endedAtMs ?? Number.NaN;
  const brokenOff = log.find((line) => line.includes('The fit ended by signal'));
  if (brokenOff) say(`  its fit overran and was broken off: ${brokenOff}`);
  const fitEndMs = wroteMs - report.seconds.report * 1000;
  const steps: [string, number][] = [
    ['accepted → machine ordered (place, bucket, signals, data laid out)', limitBeganMs - beganMs],
    ['machine ordered → fit begins (machine, runner, trainer, imports, load)', fitMs - limitBeganMs],
    [`of it imports and load ${report.seconds.load.toFixed(2)} s; fit, saved and packed`, fitEndMs - fitMs],
    ['report (not counted)', report.seconds.report * 1000],
    ['trainer ends, uploaded, last event taken in', phase('collecting') - wroteMs],
    ['machine gone, model signed and taken in', phase('releasing') - phase('collecting')],
    ['released, cost counted, closed', doneMs - phase('releasing')],
  ];
  say(
    `  machine: from ${((detail.attempts[0]?.startedAtMs ?? 0) - beganMs) / 1000} s to ${(endMs - beganMs) / 1000} s`,
  );
  return {
    wall: (doneMs - beganMs) / 1000,
    report: report.seconds.report,
    toFit: (fitMs - limitBeganMs) / 1000,
    models: report.leaderboard.length,
    steps: steps.map(([step, ms]): [string, number] => [step, ms / 1000]),
  };
}

/** When the trainer said it first. */
function saidAt(log: readonly string[], text: string): number {
  const line = log.find((one) => one.includes(text));
  if (!line) throw new Error(`The trainer never said "${text}".`);
  return Date.parse(line.slice(0, line.indexOf(' ')));
}

/** The table as the job gets it. */
function theParquet(): string {
  const datasets = join(yard.dataFolder, 'store/datasets');
  return join(datasets, readdirSync(datasets)[0] as string, 'data.parquet');
}
