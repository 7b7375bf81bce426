import { setTimeout as sleep } from 'node:timers/promises';
import { checkCounted } from '../e2e/counting.ts';
import type { Part } from '../e2e/running-yard.ts';
import { waitFor } from '../e2e/running-yard.ts';
import { countingIn, yardForTests } from './for-tests.ts';
import { killAll, terraformsOf, untilAudited, untilPhase } from './in-google.ts';
import { checkEmptyProject, checkEnd } from './oracle.ts';

/** One after the other: what is killed here is everybody's, or the next machine that is asked for is meant. */
const { alone, yard, database } = await yardForTests({ trainer: 'counting' });
const count = await countingIn(yard);
const within = 180_000;
const lines = 40;

function killHard(part: Part | 'supervisor'): void {
  const opened = yard();
  opened.yard.killHard(part);
  opened.lastKillAtMs = Date.now();
}

async function checkAllCounted(id: string): Promise<void> {
  await checkEnd(yard(), id, { outcome: 'succeeded', attempt: 1, seconds: 150 });
  checkCounted(await yard().api.log(id), lines, 1);
}

const machinesMade = async (id: string) =>
  (await yard().google.audit()).filter(
    ({ act, kind, name }) => act === 'created' && kind === 'instance' && name.includes(id),
  ).length;

const counts = (id: string) =>
  waitFor('it counts', async () => (await yard().api.log(id)).some((line) => line.includes('line 1 of')), 60);

alone(
  'the worker is killed while Terraform makes the signals: they are made, and the job succeeds',
  async () => {
    const id = await count({ lines });
    await untilAudited(yard(), id, 'created', 'topic');
    expect(database().job(id)?.phase).toBe('preparing');
    killHard('workers');
    await checkAllCounted(id);
  },
  within,
);

alone(
  'worker, Terraform and provider are killed while they make the machine: the lock that is left is ours, and the machine is used',
  async () => {
    const id = await count({ lines });
    await untilAudited(yard(), id, 'created', 'instance');
    expect(database().job(id)?.phase).toBe('provisioning');
    const terraforms = await terraformsOf(yard(), id, 'machine-1');
    expect(terraforms.length).toBeGreaterThan(1);
    killHard('workers');
    killAll(terraforms);
    await checkAllCounted(id);
    expect(await machinesMade(id)).toBe(1);
  },
  within,
);

alone(
  'worker, Terraform and provider are killed while they take the signals down: nothing stays',
  async () => {
    const id = await count({ lines });
    await untilPhase(yard(), id, 'releasing');
    await waitFor(
      'Terraform takes them down',
      async () => (await terraformsOf(yard(), id, 'signals')).some(({ command }) => command.includes('provider')),
      30,
    );
    const terraforms = await terraformsOf(yard(), id, 'signals');
    killHard('workers');
    killAll(terraforms);
    await checkAllCounted(id);
  },
  within,
);

alone(
  'two relays at once, after a worker was away for longer than it may be: each line is kept once',
  async () => {
    const id = await count({ lines, seconds: 12 });
    await counts(id);
    yard().yard.freeze('workers');
    // Longer than the heartbeat of an activity: the server gives the relay to the next who asks.
    await sleep(7000);
    yard().yard.thaw('workers');
    await checkAllCounted(id);
  },
  within,
);

alone(
  'an answer that is lost after the machine was made: there is one machine, and the job uses it',
  async () => {
    await yard().google.admin.error({ method: 'POST', path: '/instances$', status: 503, after: true, hangUp: true });
    const id = await count({ lines });
    await checkAllCounted(id);
    expect(await machinesMade(id)).toBe(1);
  },
  within,
);

alone(
  'a machine that comes to be after everybody gave up on it: it goes again, and the job is over only then',
  async () => {
    const lateMs = 12_000;
    await yard().google.admin.createLate(lateMs);
    const id = await count({ lines });
    await waitFor(
      'Terraform asks for the machine',
      async () => (await yard().api.log(id)).some((line) => line.includes('Making the machine …')),
      60,
    );
    const askedAtMs = Date.now();
    await yard().api.ask(`/jobs/${id}/cancel`, { method: 'POST', headers: { 'x-trainyard': '1' } });
    await checkEnd(yard(), id, { outcome: 'cancelled' });
    await waitFor('it would have come', () => Date.now() > askedAtMs + lateMs + 1000, 30);
    await checkEnd(yard(), id, { outcome: 'cancelled' });
  },
  within,
);

alone(
  'Google’s own control plane is killed and comes back while one job trains and another gets its machine',
  async () => {
    const training = await count({ lines, seconds: 15 });
    await counts(training);
    const starting = await count({ lines });
    await untilAudited(yard(), starting, 'created', 'topic');
    await yard().google.kill();
    await sleep(1500);
    await yard().google.restart();
    await checkAllCounted(training);
    await checkAllCounted(starting);
  },
  within,
);

alone('the project is as it was', () => checkEmptyProject(yard()));
