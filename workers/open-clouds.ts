import { cpus } from 'node:os';
import { join } from 'node:path';
import { dollars } from '../domain/money.ts';
import type { Cloud } from '../infra/cloud.ts';
import { hostIdOf } from '../infra/installation.ts';
import type { EngineEnvironments } from '../infra/local/engine-environments.ts';
import { openLocalCloud } from '../infra/local/local-cloud.ts';
import type { Settings } from '../settings/settings.ts';

export function trainerFolderOf(settings: Settings): string {
  return settings.trainerFolder || join(import.meta.dirname, '../trainer-image');
}

/** The clouds that these settings name, ready to be asked. Today one house: this machine. */
export async function openClouds(
  settings: Settings,
  installationId: string,
  environments: EngineEnvironments,
): Promise<ReadonlyMap<string, Cloud>> {
  const local = openLocalCloud({
    folder: join(settings.dataFolder, 'cloud'),
    host: await hostIdOf(settings.dataFolder),
    installationId,
    trainerFolder: trainerFolderOf(settings),
    enginePython: (engine) => environments.prepare(engine, () => {}),
    places: settings.localPlaces,
    cpus: cpus().length,
    pricePerHourMicros: dollars(settings.localPricePerHour),
    heartbeatSeconds: settings.heartbeatSeconds,
    logCapBytes: settings.logCapMb * 1024 * 1024,
  });
  return new Map([[local.name, local]]);
}
