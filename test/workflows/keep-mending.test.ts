import { pino } from 'pino';
import { workflowIdOf } from '../../domain/ids.ts';
import { keepMending } from '../../workers/keep-mending.ts';
import { RecordingWorkClient } from '../activities/recording-work-client.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { inPhase, isDone, nothingIsLeft } from './holder-checks.ts';
import { trainsUntilAsked } from './scripts.ts';
import { closeTemporal, openTestYard, temporal, until } from './test-yard.ts';

const house = { cloud: 'local', queue: 'trainyard-releases' };
const houseId = 'keep-house-local-trainyard-releases';
const log = pino({ level: 'silent' });

afterAll(closeTemporal);

test('who keeps the house, terminated while workers stay up, comes back and mends on', async () => {
  const yard = await openTestYard(new SimulatedCloud({ script: () => trainsUntilAsked }));
  const stopping = new AbortController();
  const { work } = yard.dependencies;
  const order = { houses: [house], reconcile: async () => {}, work, firstAfterMs: 0, everyMs: 200, log };
  const mending = keepMending({ ...order, signal: stopping.signal });
  const { client } = await temporal();
  const keeper = client.workflow.getHandle(houseId);
  const isKept = async () => (await keeper.describe().catch(() => undefined))?.status.name === 'RUNNING';
  try {
    await until('the house is kept', isKept);
    const job = { kind: 'job', id: (await yard.accept()).id } as const;
    await inPhase(yard, job, 'training');
    await keeper.terminate('a person pressed it');
    await client.workflow.getHandle(workflowIdOf(job)).terminate('a person pressed it');
    await until('the house is kept again', isKept);
    expect(await isDone(yard, job, 30)).toMatchObject({ outcome: 'cancelled' });
    await nothingIsLeft(yard, job);
  } finally {
    stopping.abort();
    await mending;
    await keeper.terminate().catch(() => {});
    await yard.close();
  }
}, 60_000);

test('a Temporal that is away when a worker comes up ends no worker, and one that forgot all is told again', async () => {
  const work = new RecordingWorkClient();
  work.away = true;
  const stopping = new AbortController();
  let passes = 0;
  const reconcile = async () => {
    passes += 1;
    throw new Error('nobody is there');
  };
  const mending = keepMending({
    houses: [house],
    reconcile,
    work,
    firstAfterMs: 0,
    everyMs: 10,
    signal: stopping.signal,
    log,
  });
  await until('the first pass was made', () => passes === 1);
  work.away = false;
  await until('it is there', () => work.workflows.has(houseId));
  work.loseEverything();
  await until('it is there again', () => work.workflows.has(houseId));
  stopping.abort();
  await mending;
  expect(passes).toBe(1);
});
