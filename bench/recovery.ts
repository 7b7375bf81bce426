/**
 * Kills the workers while many jobs are open, and counts from the moment when the next worker is up: how long until the
 * decision that each job owes a person goes on, and until what its trainer says is taken in again.
 *
 * First the relays: the kill finds every trainer talking. Then the decisions: every job is asked to stop, and the
 * kill comes while these signals arrive, so that it finds some decisions under way, some waiting, and some not yet
 * asked for. A decision has gone on when the trainer's control file is written, which is what the person waits for.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../db/open-database.ts';
import { bucketNameOf } from '../domain/ids.ts';
import { acceptCounting, openCountingYard } from '../test/e2e/counting.ts';
import { waitFor } from '../test/e2e/running-yard.ts';
import { conclude, quantile, say } from './report.ts';

const jobs = 50;
const decisionSeconds = 3;
/** The heartbeat timeout of an activity, and two seconds. */
const relaySeconds = 7;
/**
 * Each trainer prints a line every second, has more to say than the bench lasts, and when stopped takes as long as a real
 * one to put together what it has: fifty of them that do it on one machine at the same time are not what is measured.
 */
const talk = { lines: 1200, seconds: 1200, trainingSeconds: 1800, lingers: 30 };

const { yard, api, dataset } = await openCountingYard({
  TRAINYARD_LOCAL_PLACES: String(jobs),
  TRAINYARD_HEARTBEAT_SECONDS: '10',
});
const database = await openDatabase(join(yard.dataFolder, 'trainyard.sqlite'));
try {
  const ids = await Promise.all(Array.from({ length: jobs }, () => acceptCounting(api, dataset.id, talk)));
  await waitFor(
    'all trainers talk',
    async () => [...(await watermarks()).values()].filter((seq) => seq > 5).length === jobs,
    300,
  );
  const relays = await afterKillWhileTalking();
  const decisions = await afterKillWhileAsked(ids);
  const p99 = quantile(decisions, 0.99);
  const worst = Math.max(...relays);
  const ratio = Math.max(p99 / decisionSeconds, worst / relaySeconds);
  await waitFor('all jobs are done', async () => (await openJobs()) === 0, 300);
  await database.close();
  await yard.remove();
  conclude({ bench: 'recovery', ratio: Number(ratio.toFixed(3)), limit: 1, ok: ratio <= 1 });
} finally {
  await database.close().catch(() => {});
  await yard.remove();
}

async function afterKillWhileTalking(): Promise<number[]> {
  const killedAtMs = kill();
  // What the dead worker had begun to write is there or not; nobody else writes now.
  await sleep(100);
  const before = await watermarks();
  const wentOnAtMs = new Map<string, number>();
  await waitFor(
    'every relay goes on',
    async () => {
      const now = await watermarks();
      for (const [id, seq] of now) {
        if (seq > (before.get(id) ?? 0) && !wentOnAtMs.has(id)) wentOnAtMs.set(id, Date.now());
      }
      return wentOnAtMs.size === jobs;
    },
    60,
  );
  const upAtMs = await workerUpAfter(killedAtMs);
  return told(`relays go on (limit ${relaySeconds} s)`, killedAtMs, upAtMs, [...wentOnAtMs.values()]);
}

async function afterKillWhileAsked(ids: readonly string[]): Promise<number[]> {
  const asking = ids.map((id) =>
    api.ask(`/jobs/${id}/stop`, { method: 'POST', headers: { 'x-trainyard': '1' } }).then(({ status }) => {
      if (status !== 202) throw new Error(`Job ${id} could not be asked to stop: ${status}.`);
    }),
  );
  await Promise.race(asking);
  const killedAtMs = kill();
  await Promise.all(asking);
  const effects = new Map<string, number>();
  await waitFor(
    'every trainer is told to stop',
    () => {
      for (const id of ids) if (!effects.has(id)) noteEffect(effects, id);
      return effects.size === jobs;
    },
    60,
  );
  const upAtMs = await workerUpAfter(killedAtMs);
  const late = [...effects.values()].filter((atMs) => atMs > killedAtMs);
  say(`${jobs - late.length} of ${jobs} decisions had gone on before the kill`);
  return told(`decisions go on (limit ${decisionSeconds} s at the 99th percentile)`, killedAtMs, upAtMs, late);
}

function noteEffect(effects: Map<string, number>, id: string): void {
  const bucket = join(yard.dataFolder, 'cloud/buckets', bucketNameOf({ kind: 'job', id }));
  const file = statSync(join(bucket, 'control/attempt-1.json'), { throwIfNoEntry: false });
  if (file) effects.set(id, file.mtimeMs);
}

function kill(): number {
  yard.killHard('workers');
  return Date.now();
}

/** When the next worker said that it is up, by its own log. */
async function workerUpAfter(killedAtMs: number): Promise<number> {
  let upAtMs: number | undefined;
  await waitFor('the workers are up', () => {
    const lines = readFileSync(join(yard.dataFolder, 'logs/workers.log'), 'utf8').split('\n');
    for (const line of lines.filter((text) => text.includes('"workers are up"'))) {
      const { time } = JSON.parse(line.slice(line.indexOf('{'))) as { time: number };
      if (time > killedAtMs) upAtMs ??= time;
    }
    return upAtMs !== undefined;
  });
  return upAtMs as number;
}

function told(what: string, killedAtMs: number, upAtMs: number, atMs: readonly number[]): number[] {
  const seconds = atMs.map((ms) => Math.max(0, ms - upAtMs) / 1000);
  const at = (q: number) => quantile(seconds, q).toFixed(2);
  say(`a worker is up ${((upAtMs - killedAtMs) / 1000).toFixed(1)} s after the kill; from then on, ${what}:`);
  say(`  ${seconds.length} jobs: median ${at(0.5)} s, p90 ${at(0.9)} s, p99 ${at(0.99)} s, worst ${at(1)} s`);
  return seconds;
}

async function openJobs(): Promise<number> {
  const rows = await database.run(undefined, (db) => db('jobs').whereNot('jobs.phase', 'done').select('jobs.id'));
  return rows.length;
}

/** Up to where each job's events are taken in. */
async function watermarks(): Promise<Map<string, number>> {
  const rows = await database.run(undefined, (db) => db('relays').select('relays.holder_id', 'relays.seq'));
  return new Map(rows.map((row) => [row.holder_id, row.seq]));
}
