import { TrainyardError } from '../../domain/failures.ts';
import { dollars } from '../../domain/money.ts';
import type { MachineOrder } from '../../infra/cloud.ts';
import { type Script, SimulatedCloud, TakenBack } from '../clouds/simulated-cloud.ts';
import { isDone, nothingIsLeft } from './holder-checks.ts';
import { failsWith, hello, succeeds } from './scripts.ts';
import { closeTemporal, openTestYard, type TestYard, until } from './test-yard.ts';

const takenBack: Script = async (actor) => {
  hello(actor);
  throw new TakenBack();
};
const open: TestYard[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

interface Given {
  scripts?: [Script, ...Script[]];
  refuses?: (order: MachineOrder, times: number) => TrainyardError | undefined;
  limits?: object;
  spot?: boolean;
  waits?: number[];
}

const cents = { pricePerHourMicros: dollars(1), spotPricePerHourMicros: dollars(0.25) };

/** A job that asks for spot machines, and what was ordered for it. */
async function begun({ scripts = [succeeds], refuses = () => undefined, limits = {}, spot = true, waits }: Given) {
  const orders: MachineOrder[] = [];
  const script = (order: MachineOrder) => scripts[order.attempt - 1] ?? scripts.at(-1)!;
  const cloud = new SimulatedCloud({ script, usual: cents, zones: ['here-a', 'here-b', 'here-c'] });
  cloud.refuses = (order) => {
    orders.push(order);
    return refuses(order, orders.length);
  };
  const yard = await openTestYard(cloud);
  open.push(yard);
  if (waits) yard.dependencies.machineWaitsSeconds = waits;
  const machine = { cloud: 'local', type: 'local', spot } as const;
  const job = await yard.accept({ machine, limits: { trainingSeconds: 60, attempts: 4, ...limits } });
  return { yard, orders, holder: { kind: 'job', id: job.id } as const };
}

async function ran(given: Given) {
  const { yard, orders, holder } = await begun(given);
  const row = await isDone(yard, holder, 40);
  await nothingIsLeft(yard, holder);
  const { stores } = yard.dependencies;
  const told = (await stores.timeline.list(holder))
    .filter(({ kind }) => kind === 'warning' || kind === 'note')
    .map(({ text }) => text)
    .filter((text) => !text.includes('console'));
  return { row, orders, told, attempts: await stores.attempts.list(holder), prices: await ledgerPrices(yard, holder) };
}

const ledgerPrices = async (yard: TestYard, holder: { kind: 'job'; id: string }) =>
  (await yard.dependencies.stores.resources.ofHolder(holder))
    .filter(({ kind }) => kind === 'machine')
    .map((row) => row.price_per_hour_micros);

const none = () => new TrainyardError('NoCapacity', 'There are no such machines in here-a, here-b and here-c now.');

test('what was taken back goes on in another zone, and after two tries on demand', async () => {
  const { row, orders, told, attempts, prices } = await ran({ scripts: [takenBack, takenBack, succeeds] });
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 3 });
  expect(orders.map(({ spot, avoidZones }) => [spot, avoidZones])).toEqual([
    [true, undefined],
    [true, ['here-a']],
    [false, ['here-a', 'here-b']],
  ]);
  expect(attempts.map(({ zone, spot, ended_because }) => [zone, spot, ended_because])).toEqual([
    ['here-a', 1, 'preempted'],
    ['here-b', 1, 'preempted'],
    ['here-c', 0, 'finished'],
  ]);
  expect(prices).toEqual([dollars(0.25), dollars(0.25), dollars(1)]);
  expect(told).toEqual([
    'Attempt 1 ended: Its cloud took the spot machine back. Trying again on another machine.',
    'Attempt 2 ended: Its cloud took the spot machine back. Trying again on another machine.',
    '2 tries on spot came to nothing: on demand from here, at $1.00 an hour.',
  ]);
}, 60_000);

test('a notice that the runner passed on is the same story', async () => {
  const noticed = failsWith('MachinePreempted', 'Google takes this machine back (preemption).');
  const { row, orders } = await ran({ scripts: [noticed, succeeds] });
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  expect(orders[1]).toMatchObject({ spot: true, avoidZones: ['here-a'] });
}, 60_000);

test('stays spot where the budget does not pay for more, and says so', async () => {
  const { row, orders, told } = await ran({
    scripts: [takenBack, succeeds],
    limits: { spotAttempts: 1, budgetMicros: dollars(0.08) },
  });
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  expect(orders.map(({ spot }) => spot)).toEqual([true, true]);
  expect(told).toContain(
    'One try on spot came to nothing, but the budget does not pay for one on demand, at $1.00 an hour: it stays spot.',
  );
}, 60_000);

test('no capacity is waited for and said, and counts as tries on spot', async () => {
  const { row, orders, told, prices } = await ran({ refuses: (_, times) => (times <= 2 ? none() : undefined) });
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  expect(orders.map(({ spot }) => spot)).toEqual([true, true, false]);
  expect(prices).toEqual([dollars(1)]);
  const sentence = 'There are no such machines in here-a, here-b and here-c now.';
  expect(told).toEqual([
    `${sentence} Asked 1 of 3 times; again in 0.1 s.`,
    `${sentence} Asked 2 of 3 times; again in 0.1 s.`,
    '2 tries on spot came to nothing: on demand from here, at $1.00 an hour.',
  ]);
}, 60_000);

test('a quota that stays used up ends it after a few tries, with its sentence, and costs nothing', async () => {
  const quota = () => new TrainyardError('QuotaExceeded', 'The quota CPUS of the region is used up.');
  const { row, orders } = await ran({ spot: false, refuses: quota });
  expect(row).toMatchObject({ outcome: 'failed', failure_type: 'QuotaExceeded', cost_micros: 0 });
  expect(row.reason).toBe('The quota CPUS of the region is used up. Asked 3 times in vain.');
  expect(orders).toHaveLength(3);
}, 60_000);

test('cancel ends the wait for a machine', async () => {
  const { yard, holder } = await begun({ spot: false, refuses: none, waits: [3600] });
  const { dependencies } = yard;
  await until(
    'it waits',
    async () => (await dependencies.stores.jobs.find(holder.id))?.sentence.includes('Asked') ?? false,
  );
  await dependencies.work.cancel(holder);
  expect(await isDone(yard, holder, 20)).toMatchObject({ outcome: 'cancelled' });
  await nothingIsLeft(yard, holder);
}, 60_000);
