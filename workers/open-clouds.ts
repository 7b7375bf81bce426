import { cpus } from 'node:os';
import { join } from 'node:path';
import { dollars } from '../domain/money.ts';
import type { Cloud } from '../infra/cloud.ts';
import { hostIdOf } from '../infra/installation.ts';
import type { OpenGcpCloud } from '../infra/gcp-options.ts';
import type { EngineEnvironments } from '../infra/local/engine-environments.ts';
import { openLocalCloud } from '../infra/local/local-cloud.ts';
import type { Store } from '../infra/store.ts';
import { terraformProgram } from '../infra/terraform-program.ts';
import { trainerHash } from '../infra/trainer-image.ts';
import type { Settings } from '../settings/settings.ts';

export function trainerFolderOf(settings: Settings): string {
  return settings.trainerFolder || join(import.meta.dirname, '../trainer-image');
}

/** The clouds that these settings name, ready to be asked: this machine always, others when they have a project. */
export async function openClouds(
  settings: Settings,
  installationId: string,
  environments: EngineEnvironments,
  store: Store,
): Promise<ReadonlyMap<string, Cloud>> {
  const host = await hostIdOf(settings.dataFolder);
  const local = openLocalCloud({
    folder: join(settings.dataFolder, 'cloud'),
    host,
    installationId,
    trainerFolder: trainerFolderOf(settings),
    enginePython: (engine) => environments.prepare(engine, () => {}),
    places: settings.localPlaces,
    cpus: cpus().length,
    pricePerHourMicros: dollars(settings.localPricePerHour),
    heartbeatSeconds: settings.heartbeatSeconds,
    logCapBytes: settings.logCapMb * 1024 * 1024,
  });
  const clouds = new Map<string, Cloud>([[local.name, local]]);
  if (settings.gcpProject) {
    const gcp = await openGcp(settings, { installationId, host, store });
    clouds.set(gcp.name, gcp);
  }
  return clouds;
}

/** What Google Cloud needs is an installation of its own (docs/adr/0014): nothing of it is touched before this. */
async function openGcp(
  settings: Settings,
  own: { installationId: string; host: string; store: Store },
): Promise<Cloud> {
  const house = new URL('../infra/gcp/gcp-cloud.ts', import.meta.url).href;
  const { openGcpCloud }: { openGcpCloud: OpenGcpCloud } = await import(house);
  return openGcpCloud({
    ...own,
    project: settings.gcpProject,
    zones: settings.gcpZones,
    network: settings.gcpNetwork,
    subnetwork: settings.gcpSubnetwork,
    publicAddress: settings.gcpPublicAddress,
    image: settings.gcpImage,
    machineTypes: settings.gcpMachineTypes,
    places: settings.gcpPlaces,
    terraform: terraformProgram(settings.gcpTerraform, settings.cacheFolder),
    providerMirror: settings.gcpProviderMirror,
    terraformAtOnce: settings.gcpTerraformAtOnce,
    endpoint: settings.gcpEndpoint,
    pubsubEndpoint: settings.gcpPubsubEndpoint,
    dataFolder: settings.dataFolder,
    cacheFolder: settings.cacheFolder,
    heartbeatSeconds: settings.heartbeatSeconds,
    logCapBytes: settings.logCapMb * 1024 * 1024,
    trainerHash: await trainerHash(trainerFolderOf(settings)),
  });
}
