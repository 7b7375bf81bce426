import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Express } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { openDataWorker } from '../../../data/open-data-worker.ts';
import { engineSchema } from '../../../domain/engine.ts';
import { openLocalCloud } from '../../../infra/local/local-cloud.ts';
import type { PublicDownload } from '../../../infra/public-download.ts';
import { createApp } from '../../../web/app.ts';
import type { AppSettings } from '../../../web/app-context.ts';
import { type Feed, openFeed } from '../../../web/live/feed.ts';
import { logReader } from '../../../web/live/log-reader.ts';
import { workFacts } from '../../../web/services/job-details.ts';
import { openServices } from '../../../web/services/open-services.ts';
import type { ServiceOptions } from '../../../web/services/options.ts';
import type { Services } from '../../../web/services/services.ts';
import { type Ground, openGround, who } from './open-ground.ts';
import { RememberingWorkClient } from './remembering-work-client.ts';

export interface Yard extends Ground {
  /** What the services stand on: to open them anew, as after a restart. */
  options: ServiceOptions;
  app: Express;
  services: Services;
  feed: Feed;
  work: RememberingWorkClient;
  /** Bytes free on the disk, as the services see them. */
  disk: { free: number };
  /** Failures that nobody waited for. */
  errors: unknown[];
  api: ReturnType<typeof apiOf>;
}

const trainerFolder = join(import.meta.dirname, '../../../trainer-image');

export const engines = [
  engineSchema.parse({
    name: 'sklearn',
    title: 'scikit-learn',
    summary: 'A handful of solid algorithms.',
    tasks: ['binary', 'multiclass', 'regression'],
    settings: [
      {
        name: 'effort',
        title: 'Effort',
        help: 'How much is tried.',
        type: 'choice',
        default: 'balanced',
        choices: [
          { value: 'quick', title: 'Quick' },
          { value: 'balanced', title: 'Balanced' },
        ],
      },
      { name: 'trees', title: 'Trees', help: 'How many.', type: 'integer', default: 200, min: 10, max: 2000 },
    ],
    continues: true,
    continuing: {
      sentence: 'The kept model stays until one is better.',
      setting: 'effort',
      choices: [
        { value: 'quick', sentence: 'A few are fitted anew.' },
        { value: 'balanced', sentence: 'Many are fitted anew.' },
      ],
    },
    environment: { downloadMegabytes: 120, installSeconds: 20, preparedAtStart: true },
    needs: { baseMegabytes: 280, bytesPerCell: 80, baseSeconds: 2, secondsPerMillionCells: 1 },
  }),
  engineSchema.parse({
    name: 'classes_only',
    title: 'Classes only',
    summary: 'Predicts no numbers, and cannot go on.',
    tasks: ['binary', 'multiclass'],
    settings: [],
    continues: false,
    environment: { downloadMegabytes: 1400, installSeconds: 90, preparedAtStart: false },
  }),
];

/** The whole application on a real database, a real store and real data work; only Temporal is stood in for. */
export async function openYard(
  given: Partial<AppSettings> & { feedPollMs?: number; fetchUrl?: PublicDownload } = {},
): Promise<Yard> {
  const ground = await openGround();
  const { folder, stores, store } = ground;
  const tempFolder = join(folder, 'uploads');
  await mkdir(tempFolder);
  const data = openDataWorker({ memoryMb: 512, tempFolder });
  const work = new RememberingWorkClient();
  const disk = { free: 1e12 };
  const errors: unknown[] = [];
  let clock = 0;
  const options: ServiceOptions = {
    stores,
    store,
    data,
    work,
    clouds: [
      openLocalCloud({
        folder: join(folder, 'cloud'),
        host: 'here',
        installationId: 'test',
        trainerFolder,
        enginePython: async () => 'python3',
        places: 1,
        cpus: 2,
        pricePerHourMicros: 360_000,
        heartbeatSeconds: 10,
        logCapBytes: 1e6,
      }),
    ],
    log: logReader(stores.database, store),
    engines: { describe: async () => engines, isReady: (engine) => engine === 'sklearn' },
    samplesFolder: join(trainerFolder, 'samples'),
    tempFolder,
    uploadLimitMb: given.uploadLimitMb ?? 1,
    ...(given.fetchUrl ? { fetchUrl: given.fetchUrl } : {}),
    freeBytes: async () => disk.free,
    lowDiskBytes: 1000,
    logRetentionDays: 365,
    onError: (error) => errors.push(error),
    // Far from the last look at the disk, so that what a test sets is seen at once.
    now: () => Date.now() + (clock += 10_000),
  };
  const services = openServices(options);
  const feed = openFeed({
    database: stores.database,
    log: options.log,
    facts: (holder) => workFacts(options, holder),
    pollMs: given.feedPollMs ?? 10,
    onError: (error) => errors.push(error),
  });
  const app = createApp({
    services,
    feed,
    database: stores.database,
    log: pino({ level: 'silent' }),
    who,
    settings: {
      version: '0.1.0',
      uploadLimitMb: 1,
      temporalUiUrl: null,
      tempFolder,
      allowedHosts: ['yard.example'],
      formSecret: 'a secret of this test',
      requestsPerMinute: { reads: 100_000, writes: 100_000 },
      ...given,
    },
  });
  return {
    ...ground,
    options,
    app,
    services,
    feed,
    work,
    disk,
    errors,
    api: apiOf(app),
    async close() {
      feed.close();
      await data.close();
      await ground.close();
    },
  };
}

/** Requests as a program sends them. */
function apiOf(app: Express) {
  const base = '/api/v1';
  return {
    get: (path: string) => request(app).get(`${base}${path}`),
    post: (path: string, body: object = {}) => request(app).post(`${base}${path}`).send(body),
    put: (path: string, body: object = {}) => request(app).put(`${base}${path}`).send(body),
    patch: (path: string, body: object = {}) => request(app).patch(`${base}${path}`).send(body),
    /** A part of a file, byte by byte as it is. */
    part: (path: string, offset: number | string, text: string, headers: Record<string, string> = {}) =>
      request(app)
        .patch(`${base}${path}`)
        .set({ 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset), ...headers })
        .serialize((bytes: unknown) => bytes as string)
        .send(text),
    head: (path: string) => request(app).head(`${base}${path}`),
    delete: (path: string) => request(app).delete(`${base}${path}`),
    upload: (path: string, text: string | Buffer, name = 'customers.csv') =>
      request(app).post(`${base}${path}`).set('X-Trainyard', '1').attach('file', Buffer.from(text), name),
  };
}

/** 60 customers: half of them stay. */
export function customersCsv(rows = 60): string {
  const lines = Array.from({ length: rows }, (_item, index) => {
    const plan = ['basic', 'plus', 'max'][index % 3];
    return `${20 + ((index * 7) % 50)},${plan},${(10 + index * 1.5).toFixed(2)},${index % 2 === 0 ? 'yes' : 'no'}`;
  });
  return `${['age,plan,spend,churned', ...lines].join('\n')}\n`;
}

export async function uploadCustomers(yard: Yard, name = 'customers.csv'): Promise<string> {
  const { body, status } = await yard.api.upload('/datasets', customersCsv(), name);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.id as string;
}

export function jobRequest(datasetId: string, more: object = {}) {
  return {
    name: 'churn-spring',
    datasetId,
    task: { kind: 'binary', labels: ['churned'] },
    engine: { name: 'sklearn' },
    ...more,
  };
}
