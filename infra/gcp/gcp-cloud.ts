import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, bucketNameOf, machineNameOf } from '../../domain/ids.ts';
import { notUsable } from '../absent-cloud.ts';
import type { Cloud, MachineOrder, Obstacle, Say } from '../cloud.ts';
import type { GcpCloudOptions } from '../gcp-options.ts';
import { Tombstones } from '../tombstones.ts';
import type { ImageKind } from '../trainer-image.ts';
import { BucketSpool } from './bucket-spool.ts';
import { GcpBuckets } from './buckets.ts';
import { catalogue, latestPrices, type OfferedType, partsOf } from './catalogue.ts';
import { ComputeApi, environmentKey } from './compute-api.ts';
import { readDeadLetters } from './dead-letters.ts';
import { GoogleApi } from './google-api.ts';
import { openAuth } from './google-auth.ts';
import { GcpImages } from './images.ts';
import { listThings } from './list-things.ts';
import { GcpMachines } from './machines.ts';
import { namesOf } from './names.ts';
import { putTrainer } from './put-trainer.ts';
import { PubsubSignals } from './pubsub-signals.ts';
import { GcpSignals } from './signals.ts';
import { machineStack } from './terraform/machine-stack.ts';
import { Terraform } from './terraform/run-terraform.ts';

/** Packages and an engine's environment, and a driver: minutes, and not always the same. */
const setUpSeconds = 1200;
const nothingSaid: Say = () => {};
const workFolder = '/var/lib/trainyard/work';
/** Of what the machine is told: bumped when an image of before could not follow. */
const entryVersion = '1';
/** Zones, retries and turns together: less than the 20 minutes after which workflows/activities-on.ts asks anew. */
const makeWithinMs = 900_000;

/** The house that is Google Cloud: any worker can reach it, by what its environment signs in with. */
export function openGcpCloud(options: GcpCloudOptions): Cloud {
  const { project, endpoint, installationId, measured } = options;
  const { types, obstacle = options.obstacle } = offered(options);
  const auth = openAuth(endpoint);
  const api = new GoogleApi(auth, project, endpoint);
  const compute = new ComputeApi(api);
  const tombstones = new Tombstones(options.store, 'gcp');
  const location = partsOf(options.zones[0] ?? '').region;
  const buckets = new GcpBuckets({ auth, api, project, endpoint, location, installationId, tombstones });
  const terraform = new Terraform({
    program: options.terraform,
    project,
    cacheFolder: options.cacheFolder,
    dataFolder: options.dataFolder,
    providerMirror: options.providerMirror,
    atOnce: options.terraformAtOnce,
    host: options.host,
    measured,
  });
  const typeOf = (order: MachineOrder): OfferedType => {
    const type = types.find(({ name }) => name === order.type);
    if (type) return type;
    throw new TrainyardError(
      'BadSpec',
      `There is no machine “${order.type}” on Google Cloud, in the zones of the settings.`,
    );
  };
  const images = new GcpImages(api, options);
  const giveTrainer = (order: MachineOrder) => putTrainer(options, buckets, order);
  const machines = new GcpMachines({
    project,
    installationId,
    compute,
    buckets,
    terraform,
    tombstones,
    makeWithinMs: options.makeWithinMs ?? makeWithinMs,
    zonesFor: (order) => typeOf(order).zones,
    prepareStack: async (order) => {
      const type = typeOf(order);
      const choice = await images.choose(kindOf(type));
      const script = choice.isPlain ? await giveTrainer(order) : undefined;
      return (timed, zone) =>
        machineStack({
          order: timed,
          project,
          endpoint,
          zone,
          nowMs: Date.now(),
          machineType: type.googleName,
          accelerator: type.accelerator,
          hasGpu: kindOf(type) === 'gpu',
          disk: { type: type.diskType, gib: type.diskGib },
          image: choice.path,
          network: options.network,
          subnetwork: options.subnetwork,
          publicAddress: options.publicAddress,
          metadata: { ...metadataFor(options, timed, zone), ...(script !== undefined && { 'startup-script': script }) },
        });
    },
  });
  const signals = new GcpSignals({ api, project, endpoint, installationId, buckets, terraform, tombstones });
  const gone = new Set<string>();
  const reading = new PubsubSignals({
    auth,
    project,
    pubsubEndpoint: options.pubsubEndpoint,
    spoolOf: (ref) => new BucketSpool(buckets, ref),
    isGone: (ref) => gone.has(machineNameOf(ref)),
  });
  const look = async (ref: AttemptRef) => {
    const seen = await machines.look(ref);
    if (seen.state === 'ended' || seen.state === 'absent') gone.add(seen.name);
    else gone.delete(seen.name);
    return seen;
  };

  const refuseNew = () => {
    if (obstacle) throw notUsable(obstacle);
  };

  return {
    name: 'gcp',
    host: null,
    isRemote: true,
    ...(obstacle && { obstacle }),
    ...(options.setUpAtBoot && { setUpSeconds }),
    ...(options.isLeft && { isLeft: options.isLeft }),
    async obstacleTo(name) {
      const type = types.find((each) => each.name === name);
      return type && images.obstacle(kindOf(type));
    },
    machineTypes: async () => types,
    places: async () => options.places,

    async createBucket(labels) {
      refuseNew();
      await buckets.create(labels);
    },
    async removeBucket(holder) {
      await buckets.remove(holder);
      await terraform.forgetAll(bucketNameOf(holder));
    },
    putObject: (holder, object, fromPath) => buckets.putFile(holder, object, fromPath),
    putText: (holder, object, text) => buckets.putText(holder, object, text),
    getObject: (holder, object, toPath) => buckets.getFile(holder, object, toPath),
    getText: (holder, object) => buckets.getText(holder, object),
    listObjects: (holder, prefix) => buckets.list(holder, prefix),

    async createSignals(labels, say = nothingSaid) {
      refuseNew();
      await signals.create(labels, say);
    },
    async removeSignals(holder, say = nothingSaid) {
      await signals.remove(holder, say);
      reading.forget(bucketNameOf(holder));
    },
    async *readSignals(ref, afterSeq, signal) {
      const name = machineNameOf(ref);
      // Whoever removed it may have been another process; only of one that is gone are the times known there.
      if ((await tombstones.read('machine', name))?.machine) gone.add(name);
      yield* reading.read(ref, afterSeq, signal);
    },
    ackSignals: async (ref, seq) => reading.ack(ref, seq),
    deadLetters: (ref) => readDeadLetters(api, ref),

    async createMachine(order, say = nothingSaid) {
      refuseNew();
      return machines.create(order, say);
    },
    lookAtMachine: look,
    async removeMachine(ref) {
      const seen = await machines.remove(ref);
      gone.add(seen.name);
      return seen;
    },
    readConsole: (ref) => machines.console(ref),

    async list() {
      await tombstones.forgetOld();
      return listThings({ installationId, buckets, signals, machines, compute });
    },
    loginCommand({ name, zone }) {
      // Without an address of the open network, Google's own door is the only one.
      const by = options.publicAddress ? '' : ' --tunnel-through-iap';
      return `gcloud compute ssh ${name} --zone ${zone} --project ${project}${by}`;
    },
    manualRemoval({ kind, name, labels }) {
      if (kind === 'bucket') return `gcloud storage rm --recursive gs://${name} --project ${project}`;
      if (kind === 'signals') return signals.removalByHand(name, labels);
      const zone =
        machines.zoneOf(name) ??
        `$(gcloud compute instances list --project ${project} --filter name=${name} --format 'value(zone)')`;
      return `gcloud compute instances delete ${name} --project ${project} --zone ${zone} --quiet`;
    },
  };
}

/** Zones or types that are in no price list must not keep what is open there from going home. */
function offered(options: GcpCloudOptions): { types: OfferedType[]; obstacle?: Obstacle } {
  try {
    return { types: options.isLeft ? [] : catalogue(latestPrices(), options) };
  } catch (error) {
    if (!(error instanceof TrainyardError) || error.type !== 'BadSettings') throw error;
    return { types: [], obstacle: { reason: error.message, mend: error.hint ?? '' } };
  }
}

function kindOf({ gpus }: OfferedType): ImageKind {
  return gpus.length > 0 ? 'gpu' : 'cpu';
}

/** All that the machine is told. No secret: it gets its tokens from Google, as the account that it is. */
function metadataFor(options: GcpCloudOptions, order: MachineOrder, zone: string): Record<string, string> {
  const { project, installationId, endpoint } = options;
  const names = namesOf(order, installationId, project);
  const environment: Record<string, string> = {
    TRAINYARD_HOLDER_KIND: order.kind,
    TRAINYARD_HOLDER_ID: order.id,
    TRAINYARD_ATTEMPT: String(order.attempt),
    TRAINYARD_MACHINE: machineNameOf(order),
    TRAINYARD_BUCKET: `gs://${names.bucket}`,
    TRAINYARD_SIGNALS: `pubsub://${project}/${names.topic}`,
    TRAINYARD_WORK: workFolder,
    TRAINYARD_PYTHON: `/opt/trainyard/engines/${order.engine}/bin/python`,
    TRAINYARD_DEADLINE_AT_MS: String(order.deadlineAtMs),
    TRAINYARD_ENDS_AT_MS: String(order.endsAtMs),
    TRAINYARD_HEARTBEAT_SECONDS: String(options.heartbeatSeconds),
    TRAINYARD_LOG_CAP_BYTES: String(options.logCapBytes),
    TRAINYARD_CLOUD: 'gcp',
    TRAINYARD_GCP_PROJECT: project,
    TRAINYARD_GCP_ZONE: zone,
    ...(endpoint && { TRAINYARD_ENDPOINT: endpoint }),
    ...(options.trainerHash && { TRAINYARD_TRAINER_HASH: options.trainerHash }),
  };
  return { [environmentKey]: JSON.stringify(environment), 'trainyard-entry': entryVersion };
}
