/**
 * How long Trainyard itself takes from an accepted job until Google is asked for its machine, with the whole product and
 * the simulated Google Cloud: without what the cloud takes to answer, and what Google's provider sleeps between two
 * questions. The same stacks by the plain command line stand beside it. Then many jobs at once, each with things of its
 * own, an empty project afterwards, and a bounded number of Terraforms and of megabytes.
 *
 * `--jobs 20` says how many at once; `--once` leaves them out.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bucketNameOf } from '../domain/ids.ts';
import { googleProvider, terraformProgram } from '../test/cloud-sim/gcp/google-provider.ts';
import { countOnGoogle } from '../test/e2e-gcp/google-jobs.ts';
import { openGoogleYard } from '../test/e2e-gcp/open-google-yard.ts';
import { plainTerraform } from './plain-terraform.ts';
import { type ProvisionParts, partsOf } from './provision-parts.ts';
import { median, say } from './report.ts';
import { mostAtOnce, watchTerraform } from './watched-terraform.ts';
import { watchMemory } from './watch-memory.ts';

const { values: flags } = parseArgs({
  options: { jobs: { type: 'string', default: '20' }, once: { type: 'boolean', default: false } },
});
const limitMs = 5000;
/** Of the process of the workers, whatever it makes; a Terraform and its provider are processes of their own. */
const limitWorkersMb = 700;
const measuredJobs = 3;
const jobs = Number(flags.jobs);

const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-provision-'));
const watched = watchTerraform(folder, terraformProgram);
const provider = await googleProvider();
say(`with ${provider.said}`);
const opened = await openGoogleYard({
  trainer: 'counting',
  places: jobs,
  env: { TRAINYARD_GCP_TERRAFORM: watched.program, TRAINYARD_WORKSPACE_MACHINES: '0' },
});
const { google, yard, api } = opened;
let ok = false;
try {
  const dataset = await api.upload('counted.csv', 'x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,a\n8,b\n9,a\n10,b\n');
  const succeeds = async (id: string) => {
    const { outcome, reason } = await api.done(id, 600);
    if (outcome !== 'succeeded') throw new Error(`Job ${id} ended as ${outcome}: ${reason}`);
  };
  // What is brought, opened and compiled once; after it, everything is warm.
  await succeeds(await countOnGoogle(opened, dataset.id, { lines: 5, seconds: 0.1 }));

  const measured: ProvisionParts[] = [];
  const plain: number[] = [];
  for (let job = 1; job <= measuredJobs; job++) {
    const acceptedAtMs = Date.now();
    const id = crypto.randomUUID();
    await countOnGoogle(opened, dataset.id, { id, lines: 5, seconds: 0.1 });
    await succeeds(id);
    const bucket = bucketNameOf({ kind: 'job', id });
    const runs = watched.runs().filter((run) => run.bucket === bucket);
    const requests = await google.admin.ask('requests', { sinceMs: acceptedAtMs });
    const parts = partsOf(acceptedAtMs, requests, runs);
    measured.push(parts);
    // Right after it, so that both have the same machine under them.
    const stacks = ['signals', 'machine-1'].map((stack) => ({ stack, json: watched.stackOf(bucket, stack) }));
    plain.push(await plainTerraform({ google, provider, bucket, stacks, folder: join(folder, `plain-${job}`) }));
    say(`job ${job}: ${JSON.stringify(parts)}`);
    say(`  by the plain command line, init and apply twice: ${plain.at(-1)} ms; load ${loadavg()[0]?.toFixed(1)}`);
  }
  const middle = median(measured.map(({ ownMs }) => ownMs));
  const total = median(measured.map(({ totalMs }) => totalMs));
  const plainMs = median(plain);
  say(
    `median: ${middle} ms of our own from accept to the machine asked for, ${total} ms in all, ${plainMs} ms by hand`,
  );

  const many = flags.once ? undefined : await atOnce(dataset.id, succeeds);

  ok = middle <= limitMs && (many?.ok ?? true);
  const figures = {
    ownMs: middle,
    totalMs: total,
    plainMs,
    timesPlain: Number((total / plainMs).toFixed(3)),
    load: loadavg()[0],
    cores: availableParallelism(),
    jobs: measured,
    ...(many && { atOnce: many }),
  };
  const verdict = { bench: 'provision', ratio: Number((middle / limitMs).toFixed(3)), limit: 1, ok, figures };
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
} finally {
  await opened.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(ok ? 0 : 1);

async function atOnce(datasetId: string, succeeds: (id: string) => Promise<void>) {
  say(`${jobs} jobs at once`);
  const from = Date.now();
  const workers = yard.pidOf('workers');
  const memory = watchMemory(() => (workers === undefined ? [] : [workers]));
  const terraforms = watchTerraforms();
  const ids = Array.from({ length: jobs }, () => crypto.randomUUID());
  await Promise.all(ids.map((id) => countOnGoogle(opened, datasetId, { id, lines: 20, seconds: 2 })));
  // One after the other: so many pollers at once would be refused as too many requests.
  for (const id of ids) await succeeds(id);
  const seconds = Math.round((Date.now() - from) / 1000);
  const audit = (await google.audit()).filter(({ atMs, act }) => atMs >= from && act === 'created');
  const own = ids.filter((id) => {
    const its = audit.filter(({ name }) => name.includes(id));
    const count = (kind: string) => its.filter((entry) => entry.kind === kind).length;
    return count('bucket') === 1 && count('topic') === 2 && count('subscription') === 2 && count('instance') === 1;
  });
  // What was made by hand before them lies there still.
  const left = (await google.leftOvers()).filter(({ kind, atMs }) => kind !== 'role' && atMs >= from);
  for (const { kind, name } of left) say(`left over: ${kind} ${name}`);
  const runs = watched.runs().filter(({ fromMs }) => fromMs >= from);
  const figures = {
    jobs,
    seconds,
    withTheirOwn: own.length,
    leftOver: left.length,
    workersMegabytes: Math.ceil(memory()),
    terraformsAtOnce: mostAtOnce(runs),
    terraformMegabytes: Math.ceil(terraforms()),
  };
  say(
    `${seconds} s; ${own.length} with all of their own and nothing else, ${left.length} things left over; ` +
      `the workers had at most ${figures.workersMegabytes} MB, ${figures.terraformsAtOnce} Terraforms at once with ` +
      `${figures.terraformMegabytes} MB together`,
  );
  const held = own.length === jobs && left.length === 0 && figures.workersMegabytes <= limitWorkersMb;
  return { ...figures, ok: held };
}

/** What Terraform and its providers have in memory together, at most: asked twice a second. */
function watchTerraforms(): () => number {
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, terraformMegabytes());
  }, 500);
  return () => {
    clearInterval(looking);
    return most;
  };
}

function terraformMegabytes(): number {
  const workers = yard.pidOf('workers');
  if (workers === undefined) return 0;
  let sum = 0;
  const open = childrenOf(workers);
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    open.push(...childrenOf(pid));
    sum += Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  }
  return sum;
}

/** Of whichever of its threads. */
function childrenOf(pid: number): number[] {
  const tasks = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  return tasks.flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).trim().split(' ').filter(Boolean).map(Number),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
