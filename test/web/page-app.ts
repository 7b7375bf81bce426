import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { pino } from 'pino';
import { openDataWorker } from '../../data/open-data-worker.ts';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores, type Stores } from '../../db/open-stores.ts';
import { checkByEngine } from '../../infra/engine-check.ts';
import { describeEngines } from '../../infra/engines.ts';
import { folderStore } from '../../infra/local/folder-store.ts';
import { openLocalCloud } from '../../infra/local/local-cloud.ts';
import type { WorkspaceLimits } from '../../domain/workspace-limits.ts';
import type { Cloud } from '../../infra/cloud.ts';
import type { PublicDownload } from '../../infra/public-download.ts';
import type { Store } from '../../infra/store.ts';
import type { WorkClient } from '../../temporal/work-client.ts';
import { createApp } from '../../web/app.ts';
import { openFeed } from '../../web/live/feed.ts';
import { logReader } from '../../web/live/log-reader.ts';
import { workFacts } from '../../web/services/job-details.ts';
import { openServices } from '../../web/services/open-services.ts';
import type { ServiceOptions } from '../../web/services/options.ts';
import { type Seed, seedInto } from './seed.ts';

const root = join(import.meta.dirname, '../..');

/** The real application over a real database, store, data worker and local cloud; only Temporal is not there. */
export interface PageApp {
  app: Express;
  stores: Stores;
  store: Store;
  cloud: Cloud;
  seed: Seed;
  folder: string;
  /** What the workflows were asked, in order. */
  asked: string[];
  listen(): Promise<string>;
  /** As when a proxy restarts: every open connection breaks. */
  dropConnections(): void;
  close(): Promise<void>;
}

export interface PageAppOptions {
  uploadLimitMb?: number;
  pricePerHourMicros?: number;
  fetchUrl?: PublicDownload;
  /** In place of the folder `trainer-image`. */
  trainerFolder?: string;
  /** Beside this machine. */
  clouds?: readonly Cloud[];
  workspaceLimits?: WorkspaceLimits;
}

export async function openPageApp(options: PageAppOptions = {}): Promise<PageApp> {
  const trainerFolder = options.trainerFolder ?? join(root, 'trainer-image');
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-pages-'));
  const database = await openDatabase(join(folder, 'trainyard.sqlite'));
  await migrate(database);
  const stores = openStores(database);
  await stores.workspaces.ensure({ id: 'default', name: 'Default', time_zone: 'Europe/Vienna' });
  const store = folderStore(join(folder, 'store'));
  const tempFolder = join(folder, 'uploads');
  await mkdir(tempFolder, { recursive: true });
  const data = openDataWorker({ memoryMb: 256, tempFolder });
  const asked: string[] = [];
  const cloud = openLocalCloud({
    folder: join(folder, 'cloud'),
    host: 'pages',
    installationId: 'pages',
    trainerFolder,
    enginePython: async () => 'python3',
    places: 1,
    pricePerHourMicros: options.pricePerHourMicros ?? 0,
    heartbeatSeconds: 10,
    logCapBytes: 1_000_000,
  });
  const log = logReader(database, store);
  const onError = (error: unknown) => console.error(error);
  const services: ServiceOptions = {
    stores,
    store,
    data,
    work: absentWork(asked),
    clouds: [cloud, ...(options.clouds ?? [])],
    ...(options.workspaceLimits ? { workspaceLimits: options.workspaceLimits } : {}),
    log,
    engines: {
      describe: () => describeEngines({ python: 'python3', trainerFolder }),
      isReady: (name) => name === 'sklearn',
      check: checkByEngine({ python: 'python3', trainerFolder, environmentPython: () => undefined, onError }),
    },
    samplesFolder: join(trainerFolder, 'samples'),
    tempFolder,
    uploadLimitMb: options.uploadLimitMb ?? 5,
    ...(options.fetchUrl ? { fetchUrl: options.fetchUrl } : {}),
    freeBytes: async () => 1e12,
    lowDiskBytes: 1,
    logRetentionDays: 365,
    onError,
  };
  const feed = openFeed({ database, log, facts: (holder) => workFacts(services, holder), onError });
  const app = createApp({
    services: openServices(services),
    feed,
    database,
    log: pino({ level: process.env['PAGE_LOG'] ?? 'silent' }),
    who: { workspaceId: 'default', owner: 'ada' },
    settings: {
      version: '0.1.0',
      uploadLimitMb: options.uploadLimitMb ?? 5,
      urlImports: true,
      temporalUiUrl: null,
      tempFolder,
      allowedHosts: [],
      formSecret: 'pages',
      requestsPerMinute: { reads: 100_000, writes: 100_000 },
    },
  });
  let server: Server | undefined;
  return {
    app,
    stores,
    store,
    cloud,
    seed: seedInto(database),
    folder,
    asked,
    async listen() {
      server = createServer(app);
      await new Promise<void>((resolve) => {
        server?.listen(0, '127.0.0.1', resolve);
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    dropConnections: () => server?.closeAllConnections(),
    async close() {
      feed.close();
      server?.closeAllConnections();
      await new Promise<void>((resolve) => {
        if (server) server.close(() => resolve());
        else resolve();
      });
      await data.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** No workflow runs in these tests; what pages ask of them is written down. */
function absentWork(asked: string[]): WorkClient {
  const note = (what: string) => async (holder: { id: string } | string) => {
    asked.push(`${what} ${typeof holder === 'string' ? holder : holder.id}`);
  };
  return {
    startJob: note('startJob'),
    startPrediction: note('startPrediction'),
    startPreparation: note('startPreparation'),
    startRelease: note('startRelease'),
    startSweep: note('startSweep'),
    trialEnded: note('trialEnded'),
    cancel: note('cancel'),
    stop: note('stop'),
    wake: note('wake'),
    async extend(jobId, trainingSeconds) {
      asked.push(`extend ${jobId} ${trainingSeconds}`);
      return { accepted: true, trainingSeconds, sentence: 'Extended.' } as never;
    },
    status: async () => ({}) as never,
    stateOf: async () => 'running',
    startKeepHouse: async () => undefined,
    reachable: async () => true,
    close: async () => undefined,
  };
}

/** Breakfasts against happiness: two classes that a straight line parts, and a column with gaps. */
export function tableOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const hours = 4 + (i % 6);
    return `${hours},${i % 7 === 0 ? '' : 20 + (i % 45)},${['tea', 'coffee', 'none'][i % 3]},${hours + (i % 2) > 6 ? 'yes' : 'no'}`;
  });
  return `sleep,age,drink,happy\n${lines.join('\n')}\n`;
}
