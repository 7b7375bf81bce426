/**
 * Kills everything at random while jobs run, then counts what is left: `./x chaos [--jobs 100] [--kills 300]`.
 * The oracle is the operating system's process table, the cloud's own folders and the data folder, and then our tables.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { conclude, say } from '../../bench/report.ts';
import { acceptCounting, checkCounted, openCountingYard } from '../e2e/counting.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { type Part, waitFor } from '../e2e/running-yard.ts';
import { whatIsLeft } from '../e2e/what-is-left.ts';
import { lookAt, rightOutcomes, type Seen, type Wish } from './oracle.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '12' },
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [jobs, kills] = [Number(values.jobs), Number(values.kills)];
const random = randomFrom(Number(values.seed));
const lines = 40;
const longestAwayMs = 12_000;
const longestSeconds = 120 + jobs * 12 + kills * 5;
const deadline = Date.now() + longestSeconds * 1000;

const victims = ['trainer', 'runner', 'machine', 'workers', 'workers', 'temporal', 'web', 'supervisor'] as const;
const commands = { trainer: '-m trainer train', runner: '-m runner', machine: 'machine.py run' };

say(`${jobs} jobs, ${kills} kills, seed ${values.seed}, at most ${longestSeconds} s`);
const { yard, api, dataset } = await openCountingYard();
const killed = new Map<string, number>();
const accepted: { id: string; wish: Wish; seen?: Seen }[] = [];
/** The machines that were hit themselves, by their names. */
const hit = new Set<string>();
let lastKillAtMs = 0;

const feeding = (async () => {
  for (let i = 0; i < jobs; i++) {
    const wish: Wish = i % 10 === 3 ? 'cancel' : i % 10 === 7 ? 'stop' : 'succeed';
    const id = await acceptCounting(api, dataset.id, { lines, seconds: 3, trainingSeconds: 600 });
    const job: (typeof accepted)[number] = { id, wish };
    accepted.push(job);
    if (wish !== 'succeed') {
      await sleep(random() * 4000);
      job.seen = await lookAt(api, id);
      await api.ask(`/jobs/${id}/${wish}`, { method: 'POST', headers: { 'x-trainyard': '1' } });
    }
    await waitFor('there is room for another job', async () => (await openJobs()) < 6, longestSeconds);
  }
})();
feeding.catch(() => {});

const ended = new Set<string>();
async function openJobs(): Promise<number> {
  // Those that have ended are not asked again: a hundred of them would be more requests than one may make.
  const open = accepted.filter(({ id }) => !ended.has(id));
  for (const view of await Promise.all(open.map(({ id }) => api.job(id)))) {
    if (view.phase === 'done') ended.add(view.id);
  }
  return accepted.length - ended.size;
}

for (let count = 0; count < kills && Date.now() < deadline; ) {
  await sleep(300 + random() * 1200);
  if (yard.pidOf('supervisor') === undefined) throw new Error(`./x up ended itself:\n${yard.output().slice(-4000)}`);
  const victim = victims[Math.floor(random() * victims.length)] as (typeof victims)[number];
  if (!kill(victim)) continue;
  killed.set(victim, (killed.get(victim) ?? 0) + 1);
  count += 1;
  if (victim === 'supervisor') {
    // Now and then nobody starts it again at once.
    if (random() < 0.3) await sleep(random() * longestAwayMs);
    await yard.up();
  }
}
await feeding;

const problems: string[] = [];
for (const { id, wish, seen } of accepted) {
  try {
    const view = await api.done(id, Math.max(60, (deadline - Date.now()) / 1000));
    const right = rightOutcomes(wish, seen, (attempt) => hit.has(`ty-j-${id}-${attempt}`));
    const about = `${id} (${wish}${seen ? ` while ${seen.phase}` : ''})`;
    if (!right.includes(view.outcome ?? '')) problems.push(`${about}: ${view.outcome}: ${view.reason}`);
    else if (wish === 'succeed') checkCounted(await api.log(id), lines, view.attempt);
    const { status } = await api.ask(`/jobs/${id}/model`);
    if (status !== (view.outcome === 'succeeded' ? 200 : 404)) {
      problems.push(`${about}: ${view.outcome}, but its model is answered with ${status}`);
    }
  } catch (error) {
    problems.push(`${id} (${wish}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

await sleep(2000);
for (const { pid, command } of processesMarked(`${yard.dataFolder}/cloud`)) problems.push(`process ${pid}: ${command}`);
const ids = accepted.map(({ id }) => id);
problems.push(...whatIsLeft(yard.dataFolder, ids, lastKillAtMs));
const total = [...killed.values()].reduce((sum, value) => sum + value, 0);
say(`${accepted.length} jobs ended, ${total} kills: ${[...killed].map(([name, n]) => `${name} ${n}`).join(', ')}`);
for (const problem of problems) say(`  ✕ ${problem}`);
if (problems.length > 0) say(`What happened: ${yard.dataFolder}`);
await (problems.length > 0 ? yard.down() : yard.remove());
const ok = problems.length === 0 && accepted.length === jobs && total === kills;
conclude({ bench: 'chaos', ratio: problems.length, limit: 0, ok });

function kill(victim: (typeof victims)[number]): boolean {
  if (victim === 'workers' || victim === 'temporal' || victim === 'web' || victim === 'supervisor') {
    if (yard.pidOf(victim) === undefined) return false;
    yard.killHard(victim satisfies Part | 'supervisor');
    lastKillAtMs = Date.now();
    return true;
  }
  const running = processesMarked(`TRAINYARD_BUCKET=file://${yard.dataFolder}`, `${yard.dataFolder}/cloud/machines`);
  const found = running.filter(({ command }) => command.includes(commands[victim]));
  const one = found[Math.floor(random() * found.length)];
  if (!one) return false;
  try {
    process.kill(one.pid, 'SIGKILL');
    const [machine] = /ty-j-[0-9a-f-]{36}-\d+/.exec(`${one.command} ${one.environment}`) ?? [];
    if (machine) hit.add(machine);
    return true;
  } catch {
    return false;
  }
}

/** The same seed kills the same way, as far as the machine's timing allows (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
