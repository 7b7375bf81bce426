import { randomUUID } from 'node:crypto';
import { type Holder, workflowIdOf } from '../../domain/ids.ts';
import { type PredictionSpec, predictionSpecSchema } from '../../domain/prediction-spec.ts';
import type { WorkClient } from '../../temporal/work-client.ts';
import { jobSpecFor } from '../activities/dependencies.ts';

/** A client to try, with what only the server's side can see and do. */
export interface TemporalHouse {
  client: WorkClient;
  /** A client whose server is not there. */
  away: WorkClient;
  /** Tells one run of a workflow from another; undefined when there is none. */
  runOf(workflowId: string): Promise<string | undefined>;
  signalsOf(workflowId: string): Promise<string[]>;
  terminate(workflowId: string): Promise<void>;
  close(): Promise<void>;
}

/** What everybody may count on who asks something of Temporal. */
export function holdsWorkClientContract(name: string, open: () => Promise<TemporalHouse>): void {
  describe(`${name} keeps the contract of a work client`, () => {
    let house: TemporalHouse;
    let client: WorkClient;
    beforeAll(async () => {
      house = await open();
      client = house.client;
    }, 60_000);
    afterAll(() => house.close());

    async function startedJob(): Promise<Holder> {
      const spec = jobSpecFor(randomUUID());
      await client.startJob(spec);
      return { kind: 'job', id: spec.id };
    }

    test('starting twice is starting once', async () => {
      const spec = jobSpecFor(randomUUID());
      await client.startJob(spec);
      const run = await house.runOf(`job-${spec.id}`);
      await Promise.all([client.startJob(spec), client.startJob({ ...spec, name: 'another name' })]);
      expect(run).toBeDefined();
      expect(await house.runOf(`job-${spec.id}`)).toBe(run);
      expect(await client.stateOf({ kind: 'job', id: spec.id })).toBe('running');
    });

    test('what is closed is not started again', async () => {
      const spec = jobSpecFor(randomUUID());
      await client.startJob(spec);
      const run = await house.runOf(`job-${spec.id}`);
      await house.terminate(`job-${spec.id}`);
      await client.startJob(spec);
      expect(await house.runOf(`job-${spec.id}`)).toBe(run);
      expect(await client.stateOf({ kind: 'job', id: spec.id })).toBe('closed');
    });

    test('a prediction is another thing than a job of the same id', async () => {
      const { id } = await startedJob();
      const spec: PredictionSpec = predictionSpecSchema.parse({
        ...{ id, workspaceId: 'default', owner: 'tester', modelId: id, datasetId: id, engine: 'sklearn' },
      });
      expect(await client.stateOf({ kind: 'prediction', id })).toBe('unknown');
      await client.startPrediction(spec);
      await client.startPrediction(spec);
      expect(await client.stateOf({ kind: 'prediction', id })).toBe('running');
      expect(await house.runOf(`prediction-${id}`)).not.toBe(await house.runOf(`job-${id}`));
    });

    test('a preparation is started once, told to stop, and not started again when it is closed', async () => {
      const order = { id: randomUUID(), owner: 'tester', name: 'prepared' };
      const work = { kind: 'preparation', id: order.id } as const;
      const id = workflowIdOf(work);
      expect(await client.stateOf(work)).toBe('unknown');
      await Promise.all([client.startPreparation(order), client.startPreparation(order)]);
      const run = await house.runOf(id);
      await client.cancel(work);
      expect(await house.signalsOf(id)).toEqual(['cancel']);
      await house.terminate(id);
      expect(await client.stateOf(work)).toBe('closed');
      await client.startPreparation(order);
      await client.cancel(work);
      expect(await house.runOf(id)).toBe(run);
    });

    test('a sweep is started once, woken by its trials, told to stop, and not started again when it is closed', async () => {
      const order = { id: randomUUID(), owner: 'tester', name: 'depths', engine: 'sklearn' };
      const work = { kind: 'sweep', id: order.id } as const;
      const id = workflowIdOf(work);
      await Promise.all([client.startSweep(order), client.startSweep(order)]);
      const run = await house.runOf(id);
      await client.trialEnded(order.id);
      await client.stop(work);
      expect(await house.signalsOf(id)).toEqual(['trialEnded', 'stop']);
      await house.terminate(id);
      await client.startSweep(order);
      await client.trialEnded(order.id);
      expect(await house.runOf(id)).toBe(run);
    });

    test('signals wait for the workflow, in the order in which they were sent', async () => {
      const holder = await startedJob();
      await client.wake(holder);
      await client.stop(holder);
      await client.cancel(holder);
      expect(await house.signalsOf(workflowIdOf(holder))).toEqual(['wake', 'stop', 'cancel']);
    });

    test('signals to what is closed, or never was, are fine', async () => {
      const holder = await startedJob();
      await house.terminate(workflowIdOf(holder));
      for (const one of [holder, { kind: 'job', id: randomUUID() } as const]) {
        await client.cancel(one);
        await client.stop(one);
        await client.wake(one);
      }
      expect(await house.signalsOf(workflowIdOf(holder))).toEqual([]);
      expect(await client.stateOf(holder)).toBe('closed');
    });

    test('what Temporal does not know is unknown', async () => {
      expect(await client.stateOf({ kind: 'job', id: randomUUID() })).toBe('unknown');
    });

    test('a release runs once at a time, and again when it is needed again', async () => {
      const holder = await startedJob();
      const id = `release-${workflowIdOf(holder)}`;
      await client.startRelease(holder, 'terminated');
      const first = await house.runOf(id);
      await client.startRelease(holder, 'terminated');
      expect(await house.runOf(id)).toBe(first);
      await house.terminate(id);
      await client.startRelease(holder, 'terminated');
      expect(await house.runOf(id)).not.toBe(first);
    });

    test('a house is kept by one, and by another when that one was ended', async () => {
      const order = { cloud: 'local', queue: `queue-${randomUUID()}` };
      const id = `keep-house-local-${order.queue}`;
      await client.startKeepHouse(order);
      const first = await house.runOf(id);
      await client.startKeepHouse(order);
      expect(await house.runOf(id)).toBe(first);
      await house.terminate(id);
      await client.startKeepHouse(order);
      expect(await house.runOf(id)).not.toBe(first);
    });

    test('a job that is over, or never was, gets no more time, and says so', async () => {
      const holder = await startedJob();
      await house.terminate(workflowIdOf(holder));
      for (const id of [holder.id, randomUUID()]) {
        await expect(client.extend(id, 600)).rejects.toMatchObject({
          type: 'BadSpec',
          message: 'This job is done; its time can no longer be extended.',
        });
      }
    });

    test('a server that is not there is told by one type, whatever was asked', async () => {
      const { away } = house;
      const holder = { kind: 'job', id: randomUUID() } as const;
      const asked = [
        away.startJob(jobSpecFor(randomUUID())),
        away.startRelease(holder, 'terminated'),
        away.startKeepHouse({ cloud: 'local', queue: 'q' }),
        away.cancel(holder),
        away.stop(holder),
        away.wake(holder),
        away.stateOf(holder),
        away.status(holder),
        away.extend(holder.id, 600),
      ];
      const types = (await Promise.allSettled(asked)).map((one) => one.status === 'rejected' && one.reason.type);
      expect(types).toEqual(asked.map(() => 'CloudUnavailable'));
      expect(await away.reachable()).toBe(false);
      expect(await client.reachable()).toBe(true);
    }, 40_000);
  });
}
