import { gunzipSync } from 'node:zlib';
import { machineNameOf } from '../../domain/ids.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { isDone, nothingIsLeft } from './holder-checks.ts';
import { fallsSilent, neverSpeaks, succeeds } from './scripts.ts';
import { closeTemporal, openTestYard, type TestYard } from './test-yard.ts';

const open: TestYard[] = [];
const jobOf = ({ id }: { id: string }) => ({ kind: 'job', id }) as const;

async function yardWith(options: ConstructorParameters<typeof SimulatedCloud>[0]): Promise<TestYard> {
  const yard = await openTestYard(new SimulatedCloud(options));
  open.push(yard);
  return yard;
}

async function bytesOf(yard: TestYard, object: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of yard.dependencies.store.openRead(object)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((yard) => yard.close()));
});
afterAll(closeTemporal);

test('the last words on the console of a machine that never said hello are in the log, once', async () => {
  const script: Script = async (actor) => {
    const printed = Array.from({ length: 60 }, (_, index) => `boot ${index + 1}`).join('\n');
    yard.cloud.consoles.set(machineNameOf(actor.order), `${printed}\nno such device\n`);
  };
  const yard = await yardWith({ script: () => script });
  const job = jobOf(await yard.accept({ limits: { trainingSeconds: 60, silenceSeconds: 10, attempts: 1 } }));
  expect(await isDone(yard, job, 30)).toMatchObject({ outcome: 'failed', failure_type: 'MachineLost' });
  const { log, timeline } = yard.dependencies.stores;
  const [chunk] = await log.chunks(job);
  const object = gunzipSync(await bytesOf(yard, chunk?.object ?? '')).toString();
  const printed = object.split('\n').filter((line) => line.includes('"m"'));
  expect(printed).toHaveLength(50);
  expect(printed.at(-1)).toContain('no such device');
  await yard.activities.keepConsole({ ...job, attempt: 1 });
  expect((await timeline.list(job)).filter((entry) => entry.dedupe_key === 'console-1')).toHaveLength(1);
}, 60_000);

test('a machine that says nothing counts as lost after its silence limit', async () => {
  const yard = await yardWith({ script: (order) => (order.attempt === 1 ? fallsSilent : succeeds) });
  const job = await yard.accept({ limits: { trainingSeconds: 60, silenceSeconds: 10 } });
  const row = await isDone(yard, jobOf(job), 40);
  expect(row).toMatchObject({ outcome: 'succeeded', attempt: 2 });
}, 60_000);

test('machines that never say hello use up the time of the job, and are not followed by others without end', async () => {
  const yard = await yardWith({ script: () => neverSpeaks });
  const job = await yard.accept({ limits: { trainingSeconds: 18, silenceSeconds: 10, attempts: 10 } });
  const row = await isDone(yard, jobOf(job), 60);
  expect(row).toMatchObject({
    outcome: 'failed',
    failure_type: 'MachineSilent',
    attempt: 1,
    reason: 'The machine said nothing for 10 seconds. No time is left for another machine.',
  });
  await nothingIsLeft(yard, jobOf(job));
}, 90_000);

test('what a silent machine lived is taken from the time of the machine after it', async () => {
  const given: number[] = [];
  const script: Script = async (actor) => {
    given.push(actor.order.deadlineAtMs - Date.now());
    await (actor.order.attempt === 1 ? neverSpeaks(actor) : succeeds(actor));
  };
  const yard = await yardWith({ script: () => script });
  const job = await yard.accept({ limits: { trainingSeconds: 60, silenceSeconds: 10 } });
  expect(await isDone(yard, jobOf(job), 60)).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  expect(given[0]).toBeGreaterThan(58_000);
  expect(given[1]).toBeLessThan(50_000);
}, 90_000);
