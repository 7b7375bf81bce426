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
  const wanted = settings.gcpProject ? { project: settings.gcpProject, zones: settings.gcpZones } : undefined;
  if (before && before.project !== wanted?.project) {
    // Names are the same in every project: a house of another one would take what stands here for gone.
    const left = await openOr(settings, own, {
      ...before,
      obstacle: leftBehind(before.project, wanted?.project),
      isLeft: true,
    });
    const isEmpty = forgetIfEmpty(left, own.store);
    // Waited for only where something stands behind it.
    if (!wanted || !(await isEmpty)) return left;
  }
  if (!wanted) return undefined;
  if (!isDeepStrictEqual(before, wanted)) await own.store.putText(usedObject, JSON.stringify(wanted));
  return openOr(settings, own, wanted);
}

/** The house, or what stands for one that cannot be opened. */
async function openOr(settings: Settings, own: Own, used: InUse): Promise<Cloud> {
  try {
    return await openHouse(settings, own, used);
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
type InUse = Used & Pick<GcpCloudOptions, 'obstacle' | 'isLeft'>;

/** Outlives the setting, so that what was begun there can be ended there. */
const usedObject = 'clouds/gcp.json';

async function readUsed(store: Store): Promise<Used | undefined> {
  const text = await store.readText(usedObject);
  return text === undefined ? undefined : (JSON.parse(text) as Used);
}

/** Whether it was: from then on it is as if there had never been such a cloud. */
async function forgetIfEmpty(house: Cloud, store: Store): Promise<boolean> {
  try {
    if ((await house.list()).length > 0) return false;
    await store.remove(usedObject);
    return true;
  } catch {
    // Who cannot be asked may have something.
    return false;
  }
}

function leftBehind(project: string, now: string | undefined): Obstacle {
  const mend = `echo "gcpProject: ${project}" >> trainyard.yaml`;
  if (now === undefined) {
    const reason = `gcpProject is not set any more. Nothing new is made in ${project}; what is open there is ended and taken down.`;
    return { reason, mend };
  }
  const reason = `gcpProject is ${now} now, and in ${project} something is left, or it could not be asked. What is open there is ended and taken down first; nothing new is made. When nothing is left, start Trainyard again. If ${project} is no more, remove ${usedObject} from the store before.`;
  return { reason, mend };
}

const removals: Record<Thing['kind'], string> = {
  machine: 'gcloud compute instances delete',
  bucket: 'gcloud storage buckets delete',
  signals: 'gcloud pubsub topics delete',
};

async function openHouse(settings: Settings, own: Own, used: InUse): Promise<Cloud> {
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
