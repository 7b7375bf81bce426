import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Dependencies } from '../activities/dependencies.ts';
import { openDataWorker } from '../data/open-data-worker.ts';
import { openDatabase } from '../db/open-database.ts';
import { openStores } from '../db/open-stores.ts';
import { machineWaitsSeconds } from '../domain/spot.ts';
import { workspaceLimitsOf } from '../domain/workspace-limits.ts';
import { freeBytes } from '../infra/disk.ts';
import { openInstallationKey } from '../infra/installation.ts';
import { engineEnvironments } from '../infra/local/engine-environments.ts';
import { folderStore } from '../infra/local/folder-store.ts';
import type { Settings } from '../settings/settings.ts';
import { openWorkClient } from '../temporal/work-client.ts';
import { openClouds, trainerFolderOf } from './open-clouds.ts';
import { temporalAddressOf } from './open-temporal.ts';

const run = promisify(execFile);
const dataMemoryMb = 1024;

/** Everything that activities stand on, by the settings. */
export async function openDependencies(settings: Settings): Promise<Dependencies & { close(): Promise<void> }> {
  const { dataFolder, cacheFolder } = settings;
  const scratchFolder = join(dataFolder, 'scratch');
  await mkdir(scratchFolder, { recursive: true });
  const database = await openDatabase(settings.databaseUrl || join(dataFolder, 'trainyard.sqlite'));
  const stores = openStores(database);
  const installation = await stores.installation.get();
  if (!installation) throw new Error('The database has not been set up. Run ./x up.');
  const trainerFolder = trainerFolderOf(settings);
  const pythonPath = settings.pythonPath || 'python3';
  const environments = engineEnvironments({ cacheFolder, trainerFolder, pythonPath });
  const data = openDataWorker({ memoryMb: dataMemoryMb, tempFolder: scratchFolder });
  const work = await openWorkClient(temporalAddressOf(settings));
  const store = folderStore(settings.storeFolder);
  return {
    stores,
    store,
    clouds: await openClouds(settings, installation.id, environments, store),
    data,
    work,
    key: await openInstallationKey(dataFolder),
    installationId: installation.id,
    prepareEnvironment: (engine, onProgress) => environments.prepare(engine, onProgress),
    async runTrainerTool(args) {
      // It opens an archive that a trainer made: nothing to sign in with may be in reach.
      const env = { PATH: process.env['PATH'], PYTHONPATH: trainerFolder };
      await run(pythonPath, ['-s', '-S', '-m', 'trainer', ...args], { env });
    },
    scratchFolder,
    freeBytes: () => freeBytes(dataFolder),
    relayStopsBelowBytes: (settings.lowDiskMb / 2) * 1024 * 1024,
    lowDiskBytes: settings.lowDiskMb * 1024 * 1024,
    machineWaitsSeconds,
    workspaceLimits: workspaceLimitsOf(settings),
    trustForeignModels: settings.trustForeignModels,
    logRetentionMs: keptMs(settings.logRetentionDays),
    predictionRetentionMs: keptMs(settings.predictionRetentionDays),
    unusedDatasetRetentionMs: keptMs(settings.unusedDatasetRetentionDays),
    now: Date.now,
    async close() {
      await Promise.allSettled([data.close(), work.close(), database.close()]);
    },
  };
}

function keptMs(days: number): number {
  return days === 0 ? Number.POSITIVE_INFINITY : days * 86_400_000;
}
