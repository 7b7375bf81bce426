import { setTimeout as sleep } from 'node:timers/promises';
import { machineNameOf } from '../../domain/ids.ts';
import { dollars } from '../../domain/money.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft } from './holder-checks.ts';
import { hello, succeeds, trainsUntilAsked } from './scripts.ts';
import { closeTemporal, openTestYard, type TestYard, until } from './test-yard.ts';

const open: TestYard[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

/** Ten cents a second: what time costs can be read off, and two minutes to go are twelve dollars. */
const tenCents = dollars(360);

async function jobOn(script: Script, budget: number, limits: object = {}, usual: object = {}) {
  const cloud = new SimulatedCloud({ script: () => script, usual: { pricePerHourMicros: tenCents, ...usual } });
  const yard = await openTestYard(cloud);
  open.push(yard);
  const budgetMicros = dollars(budget);
  const { id } = await yard.accept({ limits: { trainingSeconds: 600, budgetMicros, ...limits } });
  const holder = { kind: 'job', id } as const;
  const { stores } = yard.dependencies;
  const warnings = async () =>
    (await stores.timeline.list(holder)).filter(({ kind }) => kind === 'warning').map(({ text }) => text);
  return { cloud, yard, holder, stores, warnings };
}

/** A cloud whose own end does not come, and a trainer that hears of no deadline: only Trainyard is left. */
const neverEnds: Script = async (actor) => {
  hello(actor);
  await actor.gone;
};

/** As if the machine had been there for so long. */
function age({ cloud }: { cloud: SimulatedCloud }, holder: { kind: 'job'; id: string }, seconds: number) {
  const machine = cloud.machines.get(machineNameOf({ ...holder, attempt: 1 }));
  if (!machine) throw new Error('There is no machine.');
  machine.seen.startedAtMs = Date.now() - seconds * 1000;
  return machine.seen.startedAtMs;
}

test('a job with a little budget stops early enough to keep the best, within its cap', async () => {
  const { yard, holder } = await jobOn(trainsUntilAsked, 13);
  const row = await isDone(yard, holder, 40);
  expect(row).toMatchObject({ outcome: 'over_budget', cost_is_final: 1 });
  expect(row.reason).toContain('the best so far was kept');
  expect(row.cost_micros).toBeLessThanOrEqual(dollars(13 * 0.95));
  await nothingIsLeft(yard, holder);
}, 60_000);

test('warns once at 80 %, and takes the machine down at the whole of it when nothing else does', async () => {
  const job = await jobOn(neverEnds, 30);
  const { yard, holder, stores, warnings } = job;
  await inPhase(yard, holder, 'training');
  const setStart = async (seconds: number) => {
    const startedAtMs = age(job, holder, seconds);
    await stores.database.run(undefined, (db) =>
      db('resources').where({ holder_id: holder.id, kind: 'machine' }).update({ started_at_ms: startedAtMs }),
    );
  };
  await setStart(245);
  await until('it is warned', async () => (await warnings()).length > 0, 20);
  expect(await warnings()).toEqual([
    expect.stringMatching(
      /^80 % of the budget is used: \$2[4-9]\.\d\d of \$30\.00\. At 95 % at the latest training stops and the best so far is kept\.$/,
    ),
  ]);
  await sleep(6000);
  expect(await warnings()).toHaveLength(1);
  await setStart(300);
  const row = await isDone(yard, holder, 30);
  expect(row).toMatchObject({ outcome: 'over_budget', failure_type: 'OverBudget', attempt: 1 });
  expect(row.reason).toBe('The whole budget of $30.00 is used up; its machine is taken down.');
  await nothingIsLeft(yard, holder);
}, 90_000);

test('counts the disk and the least that is billed into the final cost', async () => {
  const usual = { diskPricePerHourMicros: dollars(36), billedAtLeastSeconds: 60 };
  const { yard, holder, stores } = await jobOn(succeeds, 100, {}, usual);
  const row = await isDone(yard, holder, 40);
  expect(row).toMatchObject({ outcome: 'succeeded', cost_is_final: 1, cost_micros: dollars(6) });
  const [machine] = (await stores.resources.ofHolder(holder)).filter(({ kind }) => kind === 'machine');
  expect(machine).toMatchObject({ disk_price_per_hour_micros: dollars(36), billed_at_least_seconds: 60 });
}, 60_000);
