import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, bucketNameOf, machineNameOf } from '../../domain/ids.ts';
import type { Cloud, MachineOrder, Say } from '../cloud.ts';
import type { GcpCloudOptions } from '../gcp-options.ts';
import { Tombstones } from '../tombstones.ts';
import { BucketSpool } from './bucket-spool.ts';
import { GcpBuckets } from './buckets.ts';
import { catalogue, latestPrices, type OfferedType, partsOf } from './catalogue.ts';
import { ComputeApi, environmentKey } from './compute-api.ts';
import { GoogleApi } from './google-api.ts';
import { openAuth } from './google-auth.ts';
import { listThings } from './list-things.ts';
import { GcpMachines } from './machines.ts';
import { namesOf } from './names.ts';
import { PubsubSignals } from './pubsub-signals.ts';
import { GcpSignals } from './signals.ts';
import { machineStack } from './terraform/machine-stack.ts';
import { Terraform } from './terraform/run-terraform.ts';

const nothingSaid: Say = () => {};
const workFolder = '/var/lib/trainyard/work';
/** Of what the machine is told: bumped when an image of before could not follow. */
const entryVersion = '1';
/** Zones, retries and turns together: less than the 20 minutes after which workflows/activities-on.ts asks anew. */
const makeWithinMs = 900_000;

/** The house that is Google Cloud: any worker can reach it, by what its environment signs in with. */
export function openGcpCloud(options: GcpCloudOptions): Cloud {
  const { project, endpoint, installationId, measured } = options;
  const types = catalogue(latestPrices(), options);
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
  const machines = new GcpMachines({
    project,
    installationId,
    zones: options.zones,
    compute,
    buckets,
    terraform,
    tombstones,
    makeWithinMs: options.makeWithinMs ?? makeWithinMs,
    zonesFor: (order) => typeOf(order).zones,
    stackFor: (order, zone) => {
      const type = typeOf(order);
      const hasGpu = type.gpus.length > 0;
      return machineStack({
        order,
        project,
        endpoint,
        zone,
        nowMs: Date.now(),
        machineType: type.googleName,
        accelerator: type.accelerator,
        hasGpu,
        disk: { type: type.diskType, gib: type.diskGib },
        image: imageOf(options, hasGpu),
        network: options.network,
        subnetwork: options.subnetwork,
        publicAddress: options.publicAddress,
        metadata: metadataFor(options, order, zone),
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

  return {
    name: 'gcp',
    host: null,
    isRemote: true,
    machineTypes: async () => types,
    places: async () => options.places,

    createBucket: (labels) => buckets.create(labels),
    async removeBucket(holder) {
      await buckets.remove(holder);
      await terraform.forgetAll(bucketNameOf(holder));
    },
    putObject: (holder, object, fromPath) => buckets.putFile(holder, object, fromPath),
    putText: (holder, object, text) => buckets.putText(holder, object, text),
    getObject: (holder, object, toPath) => buckets.getFile(holder, object, toPath),
    getText: (holder, object) => buckets.getText(holder, object),
    listObjects: (holder, prefix) => buckets.list(holder, prefix),

    createSignals: (labels, say = nothingSaid) => signals.create(labels, say),
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

    createMachine: (order, say = nothingSaid) => machines.create(order, say),
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

function imageOf({ image, project }: GcpCloudOptions, hasGpu: boolean): string {
  if (image.includes('/')) return image;
  return `projects/${project}/global/images/family/${image || `trainyard-${hasGpu ? 'gpu' : 'cpu'}`}`;
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
