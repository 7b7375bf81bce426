import { join } from 'node:path';
import { machineNameOf } from '../../domain/ids.ts';
import { costOf, dollars } from '../../domain/money.ts';
import { checkCounted, type CountingJob } from '../e2e/counting.ts';
import { processesMarked } from '../e2e/process-table.ts';
import { waitFor } from '../e2e/running-yard.ts';
import { countingIn, yardForTests } from './for-tests.ts';
import { makeWithinMs } from './impatient-gcp-cloud.ts';
import { untilPhase } from './in-google.ts';
import { checkEmptyProject, checkEnd } from './oracle.ts';

/** What runs out: the time of one call that makes a machine, and the money of a job. Each case has a type of its own. */
const { together, alone, yard, database } = await yardForTests({
  trainer: 'counting',
  env: { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'impatient.ts')}` },
});
const count = await countingIn(yard);
const within = 240_000;
const lines = 40;

const machinesOf = async (id: string) =>
  (await yard().google.audit()).filter(({ kind, name }) => kind === 'instance' && name.includes(id));

/** Its machine lands when the call that asked for it is over and the next one is at it, which asks for it too. */
async function jobWhoseMachineIsLate(
  machineType: string,
  job: CountingJob = {},
): Promise<{ id: string; landsAtMs: number }> {
  const lateMs = makeWithinMs + 13_000;
  await yard().google.admin.createLate(lateMs, { machineType, times: 2 });
  const id = await count({ ...job, lines, where: { type: machineType } });
  const calls = async () => (await yard().api.log(id)).filter((line) => line.includes('Making the machine …')).length;
  await waitFor('Google is asked for the machine', async () => (await calls()) === 1, 60);
  const landsAtMs = Date.now() + lateMs;
  await waitFor('that call is over, and another is at it', async () => (await calls()) === 2, 60);
  expect(await machinesOf(id)).toEqual([]);
  return { id, landsAtMs };
}

together(
  'a machine that lands after its call was over is found by the next call, and the job uses it',
  async () => {
    // It still counts when what the next call has asked for lands, and finds its place taken. The time to train is that
    // of the first call: it goes by while the machine is on its way.
    const { id } = await jobWhoseMachineIsLate('e2-standard-4', { seconds: 30, trainingSeconds: 180 });
    await checkEnd(yard(), id, { outcome: 'succeeded', attempt: 1, seconds: 150 });
    checkCounted(await yard().api.log(id), lines, 1);
    const machines = await machinesOf(id);
    expect(machines.map(({ act }) => act)).toEqual(['created', 'deleted']);
  },
  within,
);

together(
  'a machine that lands after its call was over, of a job that was cancelled meanwhile, is found and taken away',
  async () => {
    const { id, landsAtMs } = await jobWhoseMachineIsLate('e2-standard-8');
    await yard().api.ask(`/jobs/${id}/cancel`, { method: 'POST', headers: { 'x-trainyard': '1' } });
    await checkEnd(yard(), id, { outcome: 'cancelled' });
    expect(Date.now()).toBeGreaterThan(landsAtMs - 1000);
    expect((await machinesOf(id)).map(({ act }) => act).slice(0, 2)).toEqual(['created', 'deleted']);
  },
  within,
);

/** Of an e2-standard-16 with its disk: some three minutes, of which two are kept back to take it down. */
const smallBudgetMicros = dollars(0.03);

async function checkWithinBudget(id: string): Promise<void> {
  const machines = database()
    .machines(id)
    .filter(({ started_at_ms }) => started_at_ms !== null);
  expect(machines).toHaveLength(1);
  const { price_per_hour_micros: price = 0, billed_at_least_seconds: leastSeconds = 0 } = machines[0] ?? {};
  const cost = database().job(id)?.cost_micros;
  expect(cost).toBeGreaterThan(costOf(price, leastSeconds * 1000) / 2);
  expect(cost).toBeLessThanOrEqual(smallBudgetMicros + costOf(price, leastSeconds * 1000));
}

together(
  'a job whose cap is small stops early enough to keep the best, and its machine is gone before the cap is reached',
  async () => {
    const job = { lines: 1000, seconds: 500, trainingSeconds: 600, where: { type: 'e2-standard-16' } };
    const id = await count({ ...job, budgetMicros: smallBudgetMicros });
    await checkEnd(yard(), id, { outcome: 'over_budget', hasModel: true, reason: /the best so far was kept/ });
    await checkWithinBudget(id);
  },
  within,
);

together(
  'a machine that cannot be asked to stop any more is ended by the cloud itself while the money lasts',
  async () => {
    const job = { lines: 1000, seconds: 500, trainingSeconds: 600, silenceSeconds: 300 };
    const id = await count({ ...job, budgetMicros: smallBudgetMicros, where: { type: 'e2-standard-16' } });
    await untilPhase(yard(), id, 'training');
    await waitFor('it counts', async () => (await yard().api.log(id)).some((line) => line.includes('line 1 of')), 60);
    const frozen = processesMarked(machineNameOf({ kind: 'job', id, attempt: 1 }));
    expect(frozen.length).toBeGreaterThan(1);
    for (const { pid } of frozen) process.kill(pid, 'SIGSTOP');
    await checkEnd(yard(), id, { outcome: 'over_budget', seconds: 180 });
    await checkWithinBudget(id);
    expect(database().attempts(id)[0]).toMatchObject({ ended_because: 'expired' });
  },
  within,
);

alone('the project is as it was', () => checkEmptyProject(yard()));
