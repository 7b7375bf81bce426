import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptCounting, checkCounted, countingRequest, openCountingYard } from './counting.ts';
import { processesMarked } from './process-table.ts';
import { type Part, waitFor } from './running-yard.ts';

let opened: Awaited<ReturnType<typeof openCountingYard>>;

beforeAll(async () => {
  opened = await openCountingYard();
}, 180_000);
afterAll(async () => {
  await opened?.yard.remove();
}, 60_000);

async function untilPhase(id: string, phase: string): Promise<void> {
  const order = ['queued', 'preparing', 'provisioning', 'training', 'collecting', 'releasing', 'done'];
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const view = await opened.api.job(id);
    if (order.indexOf(view.phase) >= order.indexOf(phase)) return;
    await sleep(10);
  }
  throw new Error(`Job ${id} never came to ${phase}.`);
}

/** By the operating system's process table and the cloud's own folders, not by our tables. */
async function nothingIsLeft(id: string): Promise<void> {
  expect(processesMarked(`ty-j-${id}`)).toEqual([]);
  const cloud = join(opened.yard.dataFolder, 'cloud');
  const left = ['buckets', 'signals', 'machines'].flatMap((kind) =>
    existsSync(join(cloud, kind)) ? readdirSync(join(cloud, kind)).filter((name) => name.includes(id)) : [],
  );
  expect(left).toEqual([]);
}

const killsOfParts: [phase: string, part: Part][] = [
  ['queued', 'web'],
  ['preparing', 'workers'],
  ['provisioning', 'workers'],
  ['training', 'workers'],
  ['training', 'temporal'],
  ['training', 'web'],
  ['collecting', 'temporal'],
  ['collecting', 'workers'],
  ['releasing', 'workers'],
];

test.each(killsOfParts)(
  'killed while %s: %s; the job ends well, each line is there once',
  async (phase, part) => {
    const id = await acceptCounting(opened.api, opened.dataset.id);
    await untilPhase(id, phase);
    opened.yard.killHard(part);
    const view = await opened.api.done(id, 60);
    expect(view).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    checkCounted(await opened.api.log(id), 40, view.attempt);
    await nothingIsLeft(id);
  },
  90_000,
);

test('killed while training: the supervisor; nothing holds a port, and the next start goes on', async () => {
  const id = await acceptCounting(opened.api, opened.dataset.id, { seconds: 4 });
  await untilPhase(id, 'training');
  const parts = (['temporal', 'workers', 'web'] as const).map((part) => opened.yard.pidOf(part));
  opened.yard.killHard('supervisor');
  await waitFor('every child of it is gone', () =>
    parts.every((pid) => pid === undefined || !existsSync(`/proc/${pid}`)),
  );
  await opened.yard.up();
  const view = await opened.api.done(id, 60);
  expect(view).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  checkCounted(await opened.api.log(id), 40, 1);
  await nothingIsLeft(id);
}, 120_000);

test.each([
  ['the trainer', '-m trainer train'],
  ['the runner', '-m runner'],
  ['the machine itself', 'machine.py'],
])(
  'killed while training: %s; a second attempt finishes the job',
  async (_what, command) => {
    const id = await acceptCounting(opened.api, opened.dataset.id);
    await untilPhase(id, 'training');
    const found = () => processesMarked(`ty-j-${id}-1`).filter((one) => one.command.includes(command));
    await waitFor(`${command} runs`, () => found().length > 0, 10);
    for (const { pid } of found()) process.kill(pid, 'SIGKILL');
    const view = await opened.api.done(id, 60);
    expect(view).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    checkCounted(await opened.api.log(id), 40, view.attempt);
    await nothingIsLeft(id);
  },
  90_000,
);

test('cancel sent while no worker is up is honoured', async () => {
  const id = await acceptCounting(opened.api, opened.dataset.id, { seconds: 20 });
  await untilPhase(id, 'training');
  opened.yard.killHard('workers');
  const answer = await opened.api.ask(`/jobs/${id}/cancel`, { method: 'POST', headers: { 'x-trainyard': '1' } });
  expect(answer.status).toBe(202);
  const view = await opened.api.done(id, 60);
  expect(view.outcome).toBe('cancelled');
  await nothingIsLeft(id);
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
