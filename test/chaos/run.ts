/**
 * Kills everything at random while jobs run, then counts what is left: `./x chaos [--jobs 100] [--kills 300]`.
 * The oracle is the operating system's process table and the cloud's own folders, not our tables.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { conclude, say } from '../../bench/report.ts';
import { acceptCounting, checkCounted, openCountingYard } from '../e2e/counting.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { type Part, waitFor } from '../e2e/running-yard.ts';

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
const longestSeconds = 120 + jobs * 12 + kills * 4;
const deadline = Date.now() + longestSeconds * 1000;

type Wish = 'succeed' | 'cancel' | 'stop';
const expected: Record<Wish, string[]> = {
  succeed: ['succeeded'],
  cancel: ['cancelled'],
  // Asked before its first line there is nothing to keep; asked after its last it had already ended.
  stop: ['succeeded', 'cancelled'],
};
const victims = ['trainer', 'runner', 'machine', 'workers', 'workers', 'temporal', 'web', 'supervisor'] as const;
const commands = { trainer: '-m trainer train', runner: '-m runner', machine: 'machine.py run' };

say(`${jobs} jobs, ${kills} kills, seed ${values.seed}, at most ${longestSeconds} s`);
const { yard, api, dataset } = await openCountingYard();
const killed = new Map<string, number>();
const accepted: { id: string; wish: Wish }[] = [];

const feeding = (async () => {
  for (let i = 0; i < jobs; i++) {
    const wish: Wish = i % 10 === 3 ? 'cancel' : i % 10 === 7 ? 'stop' : 'succeed';
    const id = await acceptCounting(api, dataset.id, { lines, seconds: 3, trainingSeconds: 600 });
    accepted.push({ id, wish });
    if (wish !== 'succeed') {
      await sleep(random() * 4000);
      await api.ask(`/jobs/${id}/${wish}`, { method: 'POST', headers: { 'x-trainyard': '1' } });
    }
    await waitFor('there is room for another job', async () => (await openJobs()) < 6, longestSeconds);
  }
})();
feeding.catch(() => {});

const openJobs = async () => {
  const views = await Promise.all(accepted.map(({ id }) => api.job(id)));
  return views.filter((view) => view.phase !== 'done').length;
};

for (let count = 0; count < kills && Date.now() < deadline; ) {
  await sleep(300 + random() * 1200);
  if (yard.pidOf('supervisor') === undefined) throw new Error(`./x up ended itself:\n${yard.output().slice(-4000)}`);
  const victim = victims[Math.floor(random() * victims.length)] as (typeof victims)[number];
  if (!kill(victim)) continue;
  killed.set(victim, (killed.get(victim) ?? 0) + 1);
  count += 1;
  if (victim === 'supervisor') await yard.up();
}
await feeding;

const problems: string[] = [];
for (const { id, wish } of accepted) {
  try {
    const view = await api.done(id, Math.max(60, (deadline - Date.now()) / 1000));
    if (!expected[wish].includes(view.outcome ?? '')) problems.push(`${id} (${wish}): ${view.outcome}: ${view.reason}`);
    else if (wish === 'succeed') checkCounted(await api.log(id), lines, view.attempt);
  } catch (error) {
    problems.push(`${id} (${wish}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

await sleep(2000);
for (const { pid, command } of processesMarked(`${yard.dataFolder}/cloud`)) problems.push(`process ${pid}: ${command}`);
for (const { id } of accepted) {
  for (const { pid, command } of processesMarked(`ty-j-${id}`)) problems.push(`process ${pid}: ${command}`);
}
for (const kind of ['buckets', 'signals', 'machines']) {
  const folder = join(yard.dataFolder, 'cloud', kind);
  const left = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('ty-')) : [];
  for (const name of left) problems.push(`${kind}: ${name}`);
}
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
    return true;
  }
  const running = processesMarked(`TRAINYARD_BUCKET=file://${yard.dataFolder}`, `${yard.dataFolder}/cloud/machines`);
  const found = running.filter(({ command }) => command.includes(commands[victim]));
  const one = found[Math.floor(random() * found.length)];
  if (!one) return false;
  try {
    process.kill(one.pid, 'SIGKILL');
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
