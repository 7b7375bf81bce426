import { cpus } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { dollars } from '../domain/money.ts';
import { absentCloud } from '../infra/absent-cloud.ts';
import type { Cloud, Obstacle, Thing } from '../infra/cloud.ts';
import { hostIdOf } from '../infra/installation.ts';
import type { GcpCloudOptions, OpenGcpCloud } from '../infra/gcp-options.ts';
import type { EngineEnvironments } from '../infra/local/engine-environments.ts';
import { openLocalCloud } from '../infra/local/local-cloud.ts';
import type { Store } from '../infra/store.ts';
import { terraformProgram } from '../infra/terraform-program.ts';
import { ownTrainerFolder, trainerHash } from '../infra/trainer-image.ts';
import type { Settings } from '../settings/settings.ts';

export function trainerFolderOf(settings: Settings): string {
  return settings.trainerFolder || ownTrainerFolder;
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
  const gcp = await openGcp(settings, { installationId, host, store });
  if (gcp) clouds.set(gcp.name, gcp);
  return clouds;
}

/**
 * What Google Cloud needs is an installation of its own (docs/adr/0014): nothing of it is touched before this. Whatever
 * is wrong with it, this machine and all else go on; what is open there is looked after with the project of before.
 */
async function openGcp(settings: Settings, own: Own): Promise<Cloud | undefined> {
  const before = await readUsed(own.store);
  const used = settings.gcpProject ? { project: settings.gcpProject, zones: settings.gcpZones } : before;
  if (!used) return undefined;
  if (settings.gcpProject && !isDeepStrictEqual(before, used)) {
    await own.store.putText(usedObject, JSON.stringify(used));
  }
  const left = settings.gcpProject ? undefined : leftBehind(used.project);
  try {
    const house = await openHouse(settings, own, { ...used, ...(left && { obstacle: left, isLeft: true }) });
    if (left) void forgetIfEmpty(house, own.store);
    return house;
  } catch (error) {
    const reason = `Google Cloud could not be opened: ${error instanceof Error ? error.message : String(error)}`;
    const removal = ({ kind, name }: Thing) => `${removals[kind]} ${name} --project ${used.project}`;
    return absentCloud('gcp', { reason, mend: './x install gcp' }, removal);
  }
}

interface Own {
  installationId: string;
  host: string;
  store: Store;
}

type Used = Pick<GcpCloudOptions, 'project' | 'zones'>;

/** Outlives the setting, so that what was begun there can be ended there. */
const usedObject = 'clouds/gcp.json';

async function readUsed(store: Store): Promise<Used | undefined> {
  const text = await store.readText(usedObject);
  return text === undefined ? undefined : (JSON.parse(text) as Used);
}

/** From the next start on it is as if there had never been such a cloud. */
async function forgetIfEmpty(house: Cloud, store: Store): Promise<void> {
  try {
    if ((await house.list()).length === 0) await store.remove(usedObject);
  } catch {
    // Who cannot be asked may have something.
  }
}

function leftBehind(project: string): Obstacle {
  const reason = `gcpProject is not set any more. Nothing new is made in ${project}; what is open there is ended and taken down.`;
  return { reason, mend: `echo "gcpProject: ${project}" >> trainyard.yaml` };
}

const removals: Record<Thing['kind'], string> = {
  machine: 'gcloud compute instances delete',
  bucket: 'gcloud storage buckets delete',
  signals: 'gcloud pubsub topics delete',
};

async function openHouse(
  settings: Settings,
  own: Own,
  used: Used & Pick<GcpCloudOptions, 'obstacle' | 'isLeft'>,
): Promise<Cloud> {
  const house = new URL('../infra/gcp/gcp-cloud.ts', import.meta.url).href;
  const { openGcpCloud }: { openGcpCloud: OpenGcpCloud } = await import(house);
  return openGcpCloud({
    ...own,
    ...used,
    network: settings.gcpNetwork,
    subnetwork: settings.gcpSubnetwork,
    publicAddress: settings.gcpPublicAddress,
    image: settings.gcpImage,
    setUpAtBoot: settings.gcpSetUpAtBoot,
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
    trainerFolder: trainerFolderOf(settings),
  });
}
