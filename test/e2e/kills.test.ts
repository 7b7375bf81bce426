import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Phase } from '../../domain/phases.ts';
import { acceptCounting, checkCounted, countingRequest, openCountingYard } from './counting.ts';
import { expectWithin, holdInPhase, type Sign } from './hold-phase.ts';
import { processesMarked } from './process-table.ts';
import { type Part, waitFor } from './running-yard.ts';
import { whatIsLeft } from './what-is-left.ts';

let opened: Awaited<ReturnType<typeof openCountingYard>>;

beforeAll(async () => {
  opened = await openCountingYard();
}, 180_000);
afterAll(async () => {
  await opened?.yard.remove();
}, 60_000);

/** The last time that something was killed which may have had files in hand. */
let lastKillAtMs = 0;

function killHard(part: Part | 'supervisor'): number {
  opened.yard.killHard(part);
  lastKillAtMs = Date.now();
  return lastKillAtMs;
}

async function inTraining(id: string): Promise<void> {
  await waitFor('it trains', async () => (await opened.api.job(id)).phase === 'training');
}

const nothingIsLeft = (id: string) => expect(whatIsLeft(opened.yard.dataFolder, [id], lastKillAtMs)).toEqual([]);

const machineIsOrdered: Sign = (database, id) => database.attempts(id).length > 0;
const modelIsArriving: Sign = (_database, id, dataFolder) => existsSync(join(dataFolder, 'store/models', id));

// The pause before a part is started again doubles with each of its kills: so they come in turn, and the supervisor's
// own, after which the pauses begin anew, in their middle.
const killsOfParts: [phase: Phase, part: Part, sign?: Sign][] = [
  ['queued', 'web'],
  ['preparing', 'workers'],
  ['provisioning', 'workers', machineIsOrdered],
  ['training', 'temporal'],
  ['training', 'workers'],
];
const moreKillsOfParts: typeof killsOfParts = [
  ['training', 'web'],
  ['collecting', 'temporal'],
  ['collecting', 'workers', modelIsArriving],
  ['releasing', 'workers'],
];

async function killedWhile(phase: Phase, part: Part, sign: Sign = () => true): Promise<void> {
  const { yard, api, dataset } = opened;
  const id = await holdInPhase(yard, phase, () => acceptCounting(api, dataset.id), sign);
  const atMs = killHard(part);
  if (part !== 'workers') yard.thaw('workers');
  const view = await api.done(id, 60);
  expect(view).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  expectWithin(yard, id, phase, atMs);
  checkCounted(await api.log(id), 40, view.attempt);
  nothingIsLeft(id);
}

const title = 'killed while %s: %s; the job ends well, each line is there once';
test.each(killsOfParts)(title, killedWhile, 90_000);

test('killed while training: the supervisor; nothing holds a port, and the next start goes on', async () => {
  const id = await acceptCounting(opened.api, opened.dataset.id, { seconds: 4 });
  await inTraining(id);
  const parts = (['temporal', 'workers', 'web'] as const).map((part) => opened.yard.pidOf(part));
  const atMs = killHard('supervisor');
  await waitFor('every child of it is gone', () =>
    parts.every((pid) => pid === undefined || !existsSync(`/proc/${pid}`)),
  );
  lastKillAtMs = Date.now();
  await opened.yard.up();
  const view = await opened.api.done(id, 60);
  expect(view).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  expectWithin(opened.yard, id, 'training', atMs);
  checkCounted(await opened.api.log(id), 40, 1);
  nothingIsLeft(id);
}, 120_000);

test.each(moreKillsOfParts)(title, killedWhile, 90_000);

test.each([
  ['the trainer', '-m trainer train'],
  ['the runner', '-m runner'],
  ['the machine itself', 'machine.py'],
])(
  'killed while training: %s; a second attempt finishes the job',
  async (_what, command) => {
    const id = await acceptCounting(opened.api, opened.dataset.id);
    await inTraining(id);
    const found = () => processesMarked(`ty-j-${id}-1`).filter((one) => one.command.includes(command));
    await waitFor(`${command} runs`, () => found().length > 0, 10);
    for (const { pid } of found()) process.kill(pid, 'SIGKILL');
    const view = await opened.api.done(id, 60);
    expect(view).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    checkCounted(await opened.api.log(id), 40, view.attempt);
    nothingIsLeft(id);
  },
  90_000,
);

test('cancel sent while no worker is up is honoured', async () => {
  const id = await acceptCounting(opened.api, opened.dataset.id, { seconds: 20 });
  await inTraining(id);
  killHard('workers');
  const answer = await opened.api.ask(`/jobs/${id}/cancel`, { method: 'POST', headers: { 'x-trainyard': '1' } });
  expect(answer.status).toBe(202);
  const view = await opened.api.done(id, 60);
  expect(view.outcome).toBe('cancelled');
  expect((await opened.api.ask(`/jobs/${id}/model`)).status).toBe(404);
  nothingIsLeft(id);
}, 90_000);

test('a second request with the same key is the same job', async () => {
  const small = { lines: 10, seconds: 0.2 };
  const first = await acceptCounting(opened.api, opened.dataset.id, small);
  const request = countingRequest(first, opened.dataset.id, small);
  const again = await Promise.all(
    [1, 2].map(() => opened.api.post<{ job: { id: string } }>('/jobs', request, { 'idempotency-key': first })),
  );
  expect(again.map(({ job }) => job.id)).toEqual([first, first]);
  await opened.api.done(first);
  const machines = (await opened.api.log(first)).filter((line) => line.includes('Starting a machine'));
  expect(machines).toHaveLength(1);
}, 60_000);
