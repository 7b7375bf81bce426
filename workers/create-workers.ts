import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions, TransportError, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities } from '../activities/activities.ts';
import { queuesOn } from '../domain/queues.ts';
import { connectionOptions, type TemporalAddress } from '../temporal/connect.ts';
import { createDataConverter } from '../temporal/data-converter.ts';
import { aroundActivities } from './activity-interceptors.ts';

export interface WorkersOrder {
  temporal: TemporalAddress;
  bundle: { codePath: string };
  activities: Activities;
  /** The hosts of the clouds that this process reaches: null for what any worker can reach. */
  hosts: readonly (string | null)[];
  maxCachedWorkflows: number;
  log: Logger;
}

/**
 * How many activities of a queue run at once in this process. A relay costs next to nothing, a data task a core; the
 * environment of an engine is made once, and whoever else needs it only waits for that.
 */
const slots = { decisions: 100, relays: 1000, releases: 50, machines: 8, engines: 100, data: 4 };

export interface Workers {
  /** Until `shutdown`, and then until all that was under way has been handed back. */
  run(): Promise<void>;
  shutdown(): void;
}

/** Started together with the server, or while it is being started again. */
const patienceMs = 60_000;
const betweenTriesMs = 500;

async function connectPatiently(options: NativeConnectionOptions): Promise<NativeConnection> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      if (!(error instanceof TransportError) || Date.now() > end) throw error;
      await sleep(betweenTriesMs);
    }
  }
}

/** One worker per queue, in one process: no kind of work can take the slots of another. */
export async function createWorkers(order: WorkersOrder): Promise<Workers> {
  const { temporal, activities, log } = order;
  const connection = await connectPatiently((await connectionOptions(temporal)) as NativeConnectionOptions);
  const common = {
    connection,
    namespace: temporal.namespace,
    activities,
    dataConverter: createDataConverter(),
    interceptors: { activity: [aroundActivities(log)] },
    shutdownGraceTime: '2 s',
    shutdownForceTime: '10 s',
    // Beats are cheap, and each worker polls with what it needs.
    maxHeartbeatThrottleInterval: '2 s',
  };
  const ofQueue = (taskQueue: string, maxConcurrentActivityTaskExecutions: number) =>
    Worker.create({ ...common, taskQueue, maxConcurrentActivityTaskExecutions });

  const deciders = Worker.create({
    ...common,
    taskQueue: queuesOn(null).decisions,
    workflowBundle: order.bundle,
    maxConcurrentActivityTaskExecutions: slots.decisions,
    maxCachedWorkflows: order.maxCachedWorkflows,
    // A killed worker's workflows wait this long for it before another may take them: 10 s unless told.
    stickyQueueScheduleToStartTimeout: '2 s',
    reuseV8Context: true,
  });
  const others = order.hosts.flatMap((host) => {
    const queues = queuesOn(host);
    return (['relays', 'releases', 'machines', 'engines', 'data'] as const).map((kind) =>
      ofQueue(queues[kind], slots[kind]),
    );
  });
  const workers = await Promise.all([deciders, ...others]);
  return {
    async run() {
      try {
        await Promise.all(workers.map((worker) => worker.run()));
      } finally {
        await connection.close();
      }
    },
    shutdown() {
      for (const worker of workers) worker.shutdown();
    },
  };
}
