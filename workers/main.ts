import { mkdir } from 'node:fs/promises';
import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { createActivities } from '../activities/activities.ts';
import { reconciler } from '../activities/reconcile/reconcile.ts';
import { queuesOn } from '../domain/queues.ts';
import { loadSettings } from '../settings/settings.ts';
import { createWorkers } from './create-workers.ts';
import { keepMending } from './keep-mending.ts';
import { openDependencies } from './open-dependencies.ts';
import { temporalAddressOf } from './open-temporal.ts';
import { workflowBundle } from './workflow-bundle.ts';

const decisionsFirstMs = 3000;
const askForHouseEveryMs = 30_000;
const settings = loadSettings();
const log = pino({ name: 'workers' });
await mkdir(settings.dataFolder, { recursive: true });

Runtime.install({
  logger: {
    ...quietly(),
    warn(message, meta) {
      // Only one of our workers has workflows; the others are told so each time.
      if (!message.startsWith('No workflows registered')) log.warn(meta ?? {}, message);
    },
    error: (message, meta) => log.error(meta ?? {}, message),
  },
  telemetryOptions: { metrics: { prometheus: { bindAddress: `127.0.0.1:${settings.workerMetricsPort}` } } },
  shutdownSignals: [],
});

const [dependencies, bundle] = await Promise.all([openDependencies(settings), workflowBundle(settings.cacheFolder)]);
const clouds = [...dependencies.clouds.values()];
// One for both who pass over the seams: each that knew nothing of the other would signal every open job once more.
const reconcile = reconciler(dependencies, log);
const workers = await createWorkers({
  temporal: temporalAddressOf(settings),
  bundle,
  activities: createActivities(dependencies, log, reconcile),
  hosts: clouds.map((cloud) => cloud.host),
  maxCachedWorkflows: settings.maxCachedWorkflows,
  log,
});

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    stopping.abort();
    workers.shutdown();
  });
}

const running = workers.run();
log.info({ clouds: clouds.map((cloud) => cloud.name) }, 'workers are up');
await Promise.all([
  running,
  keepMending({
    houses: clouds.map((cloud) => ({ cloud: cloud.name, queue: queuesOn(cloud.host).releases })),
    reconcile,
    work: dependencies.work,
    firstAfterMs: decisionsFirstMs,
    everyMs: askForHouseEveryMs,
    signal: stopping.signal,
    log,
  }),
]);
await dependencies.close();
log.info('workers are down');
process.exit(0);

function quietly() {
  const nothing = () => {};
  return { log: nothing, trace: nothing, debug: nothing, info: nothing };
}
