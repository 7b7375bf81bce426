import { setTimeout as sleep } from 'node:timers/promises';
import { workflowIdOf } from '../../domain/ids.ts';
import { openWorkClient } from '../../temporal/work-client.ts';
import { RecordingWorkClient } from '../activities/recording-work-client.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { trainsUntilAsked } from '../workflows/scripts.ts';
import { closeTemporal, openTestYard, temporal, type TestYard, until } from '../workflows/test-yard.ts';
import { holdsWorkClientContract, type TemporalHouse } from './work-client-contract.ts';

/** Nothing listens there. */
const nowhere = { address: '127.0.0.1:29099', namespace: 'default' };
const impatient = { serverMs: 500, workerMs: 1000 };

async function realHouse(): Promise<TemporalHouse> {
  const { address, namespace = 'default', client } = await temporal();
  const work = await openWorkClient({ address, namespace });
  const away = await openWorkClient(nowhere, impatient);
  const handle = (workflowId: string) => client.workflow.getHandle(workflowId);
  return {
    client: work,
    away,
    async runOf(workflowId) {
      return (await handle(workflowId).describe()).runId;
    },
    async signalsOf(workflowId) {
      const { events } = await handle(workflowId).fetchHistory();
      return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? []);
    },
    async terminate(workflowId) {
      await handle(workflowId).terminate();
    },
    async close() {
      await Promise.all([work.close(), away.close()]);
    },
  };
}

async function recordedHouse(): Promise<TemporalHouse> {
  const client = new RecordingWorkClient();
  const away = Object.assign(new RecordingWorkClient(), { away: true });
  return {
    client,
    away,
    runOf: async (workflowId) => client.workflows.get(workflowId)?.runs.toString().concat(workflowId),
    signalsOf: async (workflowId) => client.workflows.get(workflowId)?.signals ?? [],
    terminate: async (workflowId) => client.terminate(workflowId),
    close: async () => {},
  };
}

afterAll(closeTemporal);

holdsWorkClientContract('the client of a real server', realHouse);
holdsWorkClientContract('the recording client', recordedHouse);

describe('with workers at work', () => {
  let yard: TestYard;
  beforeAll(async () => {
    yard = await openTestYard(new SimulatedCloud({ script: () => trainsUntilAsked }));
  }, 60_000);
  afterAll(() => yard.close());

  test('more time is answered, or refused in a sentence', async () => {
    const { work, stores } = yard.dependencies;
    const { id } = await yard.accept({ limits: { trainingSeconds: 60, longestSeconds: 90 } });
    const holder = { kind: 'job', id } as const;
    await until('it trains', async () => (await stores.jobs.find(id))?.phase === 'training');
    expect(await work.status(holder)).toMatchObject({ phase: 'training', attempt: 1, ahead: null });
    expect(await work.extend(id, 80)).toEqual({ trainingSeconds: 80, longestSeconds: 90 });
    expect(await work.extend(id, 80)).toEqual({ trainingSeconds: 80, longestSeconds: 90 });
    for (const [seconds, sentence] of [
      [70, 'The new limit must be longer than the old one (80 seconds now).'],
      [80.5, 'The new limit must be longer than the old one (80 seconds now).'],
      [91, 'At most 90 seconds are possible: the end of the machine was fixed by that when it was made.'],
    ] as const) {
      await expect(work.extend(id, seconds)).rejects.toMatchObject({ type: 'BadSpec', message: sentence });
    }
    await work.stop(holder);
    await until('it is over', async () => (await work.stateOf(holder)) === 'closed');
    await expect(work.extend(id, 90)).rejects.toMatchObject({
      message: 'This job is done; its time can no longer be extended.',
    });
  }, 60_000);

  test('a phase, owner and engine can be searched for in the Temporal UI', async () => {
    const { work } = yard.dependencies;
    const spec = await yard.accept();
    const { client } = await temporal();
    const query = "TrainyardOwner = 'tester' AND TrainyardEngine = 'sklearn' AND TrainyardPhase = 'training'";
    await until('it is found', async () => {
      for await (const found of client.workflow.list({ query })) {
        if (found.workflowId === workflowIdOf({ kind: 'job', id: spec.id })) return true;
      }
      return false;
    });
    await work.cancel({ kind: 'job', id: spec.id });
  }, 60_000);
});

test('a question that only a worker can answer is given up in time while none is up', async () => {
  const { address, namespace = 'default' } = await temporal();
  const work = await openWorkClient({ address, namespace }, impatient);
  const yard = await openTestYard(new SimulatedCloud({ script: () => trainsUntilAsked }));
  await yard.stopWorkers();
  const { id } = await yard.accept();
  const answer = await Promise.race([
    work.extend(id, 100).catch((error: unknown) => error),
    sleep(20_000, 'it is still waiting', { ref: false }),
  ]);
  expect(answer).toMatchObject({ type: 'CloudUnavailable', hint: 'Try again.' });
  await work.close();
  await yard.close();
}, 60_000);
