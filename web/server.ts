import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { isLeftBehind } from '../data/own-name.ts';
import { checkByEngine } from '../infra/engine-check.ts';
import { readEngineSettings } from '../infra/engine-settings.ts';
import { describeEngines } from '../infra/engines.ts';
import type { InstallationKey } from '../infra/installation.ts';
import { publicDownload } from '../infra/public-download.ts';
import { engineEnvironments } from '../infra/local/engine-environments.ts';
import { webAddressOf } from '../settings/addresses.ts';
import { loadSettings } from '../settings/settings.ts';
import { trainerFolderOf } from '../workers/open-clouds.ts';
import { openDependencies } from '../workers/open-dependencies.ts';
import { createApp } from './app.ts';
import { openFeed } from './live/feed.ts';
import { logReader } from './live/log-reader.ts';
import { workFacts } from './services/job-details.ts';
import { openServices } from './services/open-services.ts';
import type { ServiceOptions } from './services/options.ts';

const MEGABYTE = 1024 * 1024;
/** Far above what pages and patient programs ask for. */
const requestsPerMinute = { reads: 6000, writes: 1200 };
/** A large file over a slow line takes its time. */
const LONGEST_UPLOAD_MS = 3_600_000;
/** How long answers under way may still take when the process is asked to stop. */
const LAST_ANSWERS_MS = 3000;
const HOUR_MS = 3_600_000;

const log = pino({ name: 'web', level: process.env.LOG_LEVEL ?? 'info' });
const settings = loadSettings();
const tempFolder = join(settings.dataFolder, 'uploads');
await sweep(tempFolder);

const dependencies = await openDependencies(settings);
const { stores, store, data, work, freeBytes, key } = dependencies;
const python = settings.pythonPath || 'python3';
const trainerFolder = trainerFolderOf(settings);
const environments = engineEnvironments({ cacheFolder: settings.cacheFolder, trainerFolder, pythonPath: python });
const reader = logReader(stores.database, store);
const onError = (error: unknown) => log.warn({ err: error }, 'something failed that nobody waited for');
const options: ServiceOptions = {
  stores,
  store,
  data,
  work,
  clouds: [...dependencies.clouds.values()],
  log: reader,
  engines: {
    describe: () => describeEngines({ python, trainerFolder }),
    isReady: (engine) => environments.python(engine) !== undefined,
    readSettings: (engine, text) => readEngineSettings({ python, trainerFolder }, engine, text),
    check: checkByEngine({ python, trainerFolder, environmentPython: environments.python, onError }),
  },
  samplesFolder: join(trainerFolder, 'samples'),
  tempFolder,
  uploadLimitMb: settings.uploadLimitMb,
  ...(settings.urlImports ? { fetchUrl: publicDownload({ hosts: settings.urlImportHosts }) } : {}),
  freeBytes,
  lowDiskBytes: settings.lowDiskMb * MEGABYTE,
  workspaceLimits: dependencies.workspaceLimits,
  logRetentionDays: settings.logRetentionDays,
  onError,
};
const feed = openFeed({
  database: stores.database,
  log: reader,
  facts: (holder) => workFacts(options, holder),
  onError,
});
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string;
};
const services = openServices(options);
const app = createApp({
  services,
  feed,
  database: stores.database,
  log,
  who: { workspaceId: 'default', owner: userName() },
  settings: {
    version,
    uploadLimitMb: settings.uploadLimitMb,
    urlImports: settings.urlImports,
    temporalUiUrl: settings.temporalAddress === '' ? `http://127.0.0.1:${settings.temporalUiPort}` : null,
    tempFolder,
    allowedHosts: settings.allowedHosts,
    formSecret: secretFrom(key),
    requestsPerMinute,
  },
});

const server = createServer({ requestTimeout: LONGEST_UPLOAD_MS, headersTimeout: 60_000 }, app);
server.once('error', (error: NodeJS.ErrnoException) => {
  const taken = error.code === 'EADDRINUSE';
  log.fatal(
    taken
      ? `Port ${settings.webPort} is taken. Stop what uses it, or set TRAINYARD_WEB_PORT to another.`
      : `The web server cannot listen: ${error.message}`,
  );
  process.exit(1);
});
const sweepUploads = () => Promise.all([services.uploads.sweep(), sweep(tempFolder)]).catch(onError);
setInterval(() => void sweepUploads(), HOUR_MS).unref();
await sweepUploads();
await services.uploads.resume();
server.listen(settings.webPort, settings.webHost, () => log.info(`Trainyard answers at ${webAddressOf(settings)}`));

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (!stopping) void stop();
    stopping = true;
  });
}

/** Streams first: they would never end by themselves, and browsers come back to whoever is up next. */
async function stop(): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  feed.close();
  const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  server.closeIdleConnections();
  await closed;
  clearTimeout(cut);
  await dependencies.close();
  log.info('web is down');
  process.exit(0);
}

/** The same after a restart, so that a form that is open somewhere can still be sent. */
function secretFrom(installationKey: InstallationKey): string {
  return createHash('sha256')
    .update(installationKey.sign(Buffer.from('tokens of forms')))
    .digest('hex');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container, the user may have no name.
    return 'local';
  }
}

/** What killed processes left of files on their way; what is a day old, nobody is still sending. */
async function sweep(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    const isOld = Date.now() - found.mtimeMs > 86_400_000;
    if (isOld || isLeftBehind(name)) await rm(path, { recursive: true, force: true });
  }
}
