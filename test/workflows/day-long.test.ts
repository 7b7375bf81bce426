import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../domain/ids.ts';
import { type Script, SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { handInModel, hello } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from './test-yard.ts';

const heartbeatsOfADay = (24 * 3600) / 10;
const lineText = 'x'.repeat(100);
const linesOfTheDay = 1_000_000;
let yard: TestYard | undefined;

/** A day of training told as fast as it can be taken in: 8,640 heartbeats and 100 MB of log. */
const trainsForADay: Script = async (actor) => {
  hello(actor);
  const machine = { cpuPercent: 50, memoryUsedBytes: 1, memoryTotalBytes: 2, diskUsedBytes: 1, diskTotalBytes: 2 };
  for (let beat = 0; beat < heartbeatsOfADay; beat++) {
    actor.say({ type: 'heartbeat', ...machine, gpus: [] });
    const lines = Math.ceil(linesOfTheDay / heartbeatsOfADay);
    for (let line = 0; line < lines; line++)
      actor.say({ type: 'log', stream: 'out', text: `${beat}.${line} ${lineText}` });
    if (beat % 100 === 0) await sleep(1);
  }
  handInModel(actor);
  actor.say({ type: 'finished', why: 'completed', hasResult: true, sentence: 'done' });
};

afterAll(async () => {
  await yard?.close();
  await closeTemporal();
});

test('a day with a heartbeat every 10 s and 100 MB of log stays under 300 events of history', async () => {
  yard = await openTestYard(new SimulatedCloud({ script: () => trainsForADay }));
  const { id } = await yard.accept({ limits: { trainingSeconds: 86_400 } });
  const { stores } = yard.dependencies;
  await until('it is done', async () => (await stores.jobs.find(id))?.phase === 'done', 150);
  const { client } = await temporal();
  const description = await client.workflow.getHandle(workflowIdOf({ kind: 'job', id })).describe();
  expect(description.historyLength).toBeLessThan(300);
  const { lines, bytes } = await stores.log.stats({ kind: 'job', id });
  const told = Math.ceil(linesOfTheDay / heartbeatsOfADay) * heartbeatsOfADay;
  const ours = await stores.timeline.list({ kind: 'job', id });
  expect(lines).toBe(told + ours.length);
  expect(bytes).toBeGreaterThan(100_000_000);
}, 180_000);
