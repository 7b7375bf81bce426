import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { machineNameOf } from '../../domain/ids.ts';
import { startAnotherWorker } from '../e2e/another-worker.ts';
import { checkCounted } from '../e2e/counting.ts';
import { waitFor } from '../e2e/running-yard.ts';
import { hourMs } from './an-hour-later.ts';
import { countingIn, yardForTests } from './for-tests.ts';
import { freezeBetweenWrites, untilAudited } from './in-google.ts';
import { checkEmptyProject, checkEnd } from './oracle.ts';

/** One after the other: who is away here is everybody's. */
const { alone, yard, database } = await yardForTests({ trainer: 'counting' });
const count = await countingIn(yard);
const within = 300_000;
const lines = 40;
const anHourLater = join(import.meta.dirname, 'an-hour-later.ts');

async function checkAllCounted(id: string): Promise<void> {
  await checkEnd(yard(), id, { outcome: 'succeeded', attempt: 1, seconds: 150 });
  checkCounted(await yard().api.log(id), lines, 1);
  const endings = database()
    .timeline(id)
    .filter(({ kind }) => kind === 'ending');
  expect(endings).toHaveLength(1);
  expect(database().attempts(id)).toHaveLength(1);
}

const counts = (id: string) =>
  waitFor('it counts', async () => (await yard().api.log(id)).some((line) => line.includes('line 1 of')), 60);

alone(
  'two processes of workers, of which one comes back to a relay that the other has taken over: all is kept once',
  async () => {
    const id = await count({ lines, seconds: 15 });
    await counts(id);
    const relay = () => database().relays(id)[0]?.epoch;
    const first = relay();
    const other = await startAnotherWorker(yard().yard);
    try {
      await freezeBetweenWrites(yard().yard);
      // The server may hand it to the one that is frozen again, as often as that has asked for work; each takes a heartbeat.
      await waitFor('the other process has taken the relay over', () => relay() !== first, 120);
      yard().yard.thaw('workers');
      // From here on both of them, on whatever there is: two that make machines, one that is heard of twice.
      const beside = await Promise.all([count({ lines }), count({ lines })]);
      for (const one of [id, ...beside]) await checkAllCounted(one);
    } finally {
      yard().yard.thaw('workers');
      await other.stop();
    }
  },
  within,
);

/**
 * The hour is the cloud's and that of every process of ours. What Temporal's server takes for the time stays behind, as
 * on a host whose clock is wrong: no part of the product may take the two for one.
 */
alone(
  'all of Trainyard is away for an hour, in which the machine finishes, hands in and removes itself: the job succeeds',
  async () => {
    const id = await count({ lines, seconds: 15 });
    await counts(id);
    const begun = await count({ lines });
    await untilAudited(yard(), begun, 'created', 'topic');
    const parts = (['temporal', 'workers', 'web'] as const).map((part) => yard().yard.pidOf(part));
    yard().yard.killHard('supervisor');
    await waitFor('every child of it is gone', () =>
      parts.every((pid) => pid === undefined || !existsSync(`/proc/${pid}`)),
    );
    const machine = machineNameOf({ kind: 'job', id, attempt: 1 });
    const stands = async () =>
      (await yard().google.admin.ask('instances', {})).some(({ name }: { name: string }) => name === machine);
    expect(await stands()).toBe(true);
    await waitFor('the machine has removed itself', async () => !(await stands()), 60);
    await yard().google.admin.clock({ jumpMs: hourMs });
    yard().lastKillAtMs = Date.now();
    await yard().yard.up({ AN_HOUR_LATER: '1', NODE_OPTIONS: `--import=${anHourLater}` });
    await checkAllCounted(id);
    expect(database().attempts(id)).toMatchObject([{ ended_because: 'finished' }]);
    // Longer past than the end that its machine was given, and not one minute of it is billed.
    const [stood] = database().machines(id);
    expect((stood?.ended_at_ms ?? 0) - (stood?.started_at_ms ?? 0)).toBeLessThan(hourMs / 10);
    // What was in the middle of being made goes on, with its lock an hour old and a machine that was asked for after it.
    await checkAllCounted(begun);
    expect(database().machines(begun)[0]?.started_at_ms).toBeGreaterThan(Date.now() + hourMs / 2);
  },
  within,
);

alone('the project is as it was', () => checkEmptyProject(yard()));
