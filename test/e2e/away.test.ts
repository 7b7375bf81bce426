import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../../domain/phases.ts';
import { acceptCounting, checkCounted, openCountingYard } from './counting.ts';
import { expectWithin, holdInPhase, type Sign } from './hold-phase.ts';
import { processesMarked } from './process-table.ts';
import { waitFor } from './running-yard.ts';
import { whatIsLeft } from './what-is-left.ts';

type Opened = Awaited<ReturnType<typeof openCountingYard>>;

/** In a yard of its own: these tests mostly wait, and do it side by side. */
async function inYard(use: (opened: Opened) => Promise<void>): Promise<void> {
  const opened = await openCountingYard();
  try {
    await use(opened);
  } finally {
    await opened.yard.remove();
  }
}

/** The least that there is of each. */
const [trainingSeconds, silenceSeconds] = [10, 10];
const untilItsEnd = { lines: 40, seconds: 4, trainingSeconds, silenceSeconds };
const untilItsTimeIsUp = { lines: 400, seconds: 100, trainingSeconds, silenceSeconds };

async function untilItCounts({ api, dataset }: Opened, job: typeof untilItsEnd): Promise<string> {
  const id = await acceptCounting(api, dataset.id, job);
  await waitFor('it counts', async () => (await api.log(id)).some((line) => line.includes('line 1 of')));
  return id;
}

const anyMoment: Sign = () => true;
const timesAreDecided: Sign = (database, id) => database.attempts(id).length > 0;

test.concurrent.each([
  { phase: 'preparing' as Phase, sign: anyMoment, besides: untilItsEnd },
  { phase: 'provisioning' as Phase, sign: timesAreDecided, besides: untilItsTimeIsUp },
])(
  'down for longer than the training time while one job is $phase and another trains: neither loses anything',
  ({ phase, sign, besides }) =>
    inYard(async (opened) => {
      const { yard, api, dataset } = opened;
      const training = await untilItCounts(opened, besides);
      const held = await holdInPhase(yard, phase, () => acceptCounting(api, dataset.id, untilItsEnd), sign);
      const atMs = Date.now();
      for (const part of ['supervisor', 'workers'] as const) yard.killHard(part);
      await sleep((trainingSeconds + 1) * 1000);
      const backAtMs = Date.now();
      await yard.up();
      for (const id of [held, training]) {
        expect(await api.done(id, 60)).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      }
      expectWithin(yard, held, phase, atMs);
      expectWithin(yard, training, 'training', atMs);
      checkCounted(await api.log(held), untilItsEnd.lines, 1);
      if (besides === untilItsEnd) checkCounted(await api.log(training), untilItsEnd.lines, 1);
      expect(whatIsLeft(yard.dataFolder, [held, training], backAtMs)).toEqual([]);
    }),
  180_000,
);

test.concurrent(
  'a laptop that sleeps for longer than a machine may be silent: the job goes on, and no attempt is lost',
  () =>
    inYard(async (opened) => {
      const { yard, api } = opened;
      // The hours go on while it sleeps, and with them the time to train.
      const id = await untilItCounts(opened, { ...untilItsEnd, trainingSeconds: 60 });
      const atMs = Date.now();
      // The supervisor, what it runs, the machine, and all that they started.
      const all = new Set<number>();
      for (let before = -1; all.size > before; ) {
        before = all.size;
        for (const { pid } of processesMarked(yard.dataFolder)) {
          process.kill(pid, 'SIGSTOP');
          all.add(pid);
        }
      }
      await sleep((silenceSeconds + 2) * 1000);
      for (const pid of all) process.kill(pid, 'SIGCONT');
      const view = await api.done(id, 60);
      expect(view).toMatchObject({ outcome: 'succeeded', attempt: 1 });
      expectWithin(yard, id, 'training', atMs);
      checkCounted(await api.log(id), untilItsEnd.lines, 1);
      expect(whatIsLeft(yard.dataFolder, [id], atMs)).toEqual([]);
    }),
  180_000,
);
