import { availableParallelism, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bucketNameOf, type Holder, machineNameOf } from '../../domain/ids.ts';
import type { Micros } from '../../domain/money.ts';
import type { Cloud, MachineOrder, MachineType, Thing } from '../cloud.ts';
import { endByHand, Hypervisor, quoted } from './hypervisor.ts';
import { LabelledFolders } from './labelled-folders.ts';
import { LocalBuckets } from './local-buckets.ts';
import { LocalMachines, type MachinePlan } from './local-machines.ts';
import { LocalSignals } from './local-signals.ts';

export interface LocalCloudOptions {
  /** Holds buckets, signals and machines; several installations may share it. */
  folder: string;
  host: string;
  installationId: string;
  /** The folder `trainer-image`, where the entry script is. */
  trainerFolder: string;
  /** The interpreter of an engine's environment, which is prepared when it is not there yet. */
  enginePython: (engine: string) => Promise<string>;
  /** What it is called, where there are several; `local` unless told. */
  name?: Cloud['name'];
  places: number;
  cpus?: number;
  pricePerHourMicros: Micros;
  heartbeatSeconds: number;
  logCapBytes: number;
  /** Runs the machines themselves, by the standard library alone. */
  python?: string;
}

/** The house that is this machine: folders for buckets and signals, process groups for machines. */
export function openLocalCloud(options: LocalCloudOptions): Cloud {
  const root = resolve(options.folder);
  const folders = new LabelledFolders(root, options.installationId);
  const buckets = new LocalBuckets(folders);
  const signals = new LocalSignals(folders, (holder) => buckets.folder(holder));
  const machines = new LocalMachines(folders, new Hypervisor(options.python ?? 'python3'));
  const type = theMachineType(options);

  const planFor = async (order: MachineOrder, folder: string): Promise<MachinePlan> => ({
    command: [join(resolve(options.trainerFolder), 'entry.sh')],
    environment: {
      TRAINYARD_HOLDER_KIND: order.kind,
      TRAINYARD_HOLDER_ID: order.id,
      TRAINYARD_ATTEMPT: String(order.attempt),
      TRAINYARD_MACHINE: machineNameOf(order),
      TRAINYARD_BUCKET: pathToFileURL(buckets.folder(order)).href,
      TRAINYARD_SIGNALS: pathToFileURL(signals.folder(order)).href.replace(/^file:/, 'spool:'),
      TRAINYARD_WORK: join(folder, 'work'),
      TRAINYARD_PYTHON: await options.enginePython(order.engine),
      TRAINYARD_DEADLINE_AT_MS: String(order.deadlineAtMs),
      TRAINYARD_ENDS_AT_MS: String(order.endsAtMs),
      TRAINYARD_HEARTBEAT_SECONDS: String(options.heartbeatSeconds),
      TRAINYARD_LOG_CAP_BYTES: String(options.logCapBytes),
    },
  });

  const remove = async (kind: 'bucket' | 'signals', holder: Holder): Promise<void> => {
    await folders.leaveTombstone(kind, bucketNameOf(holder));
    await folders.discard(kind, bucketNameOf(holder));
  };

  return {
    name: options.name ?? 'local',
    host: options.host,
    machineTypes: async () => [type],
    places: async () => options.places,

    createBucket: (labels) => folders.create('bucket', bucketNameOf(labels), { labels, attempt: null }),
    removeBucket: (holder) => remove('bucket', holder),
    putObject: (holder, object, fromPath) => buckets.putFile(holder, object, fromPath),
    putText: (holder, object, text) => buckets.putText(holder, object, text),
    getObject: (holder, object, toPath) => buckets.getFile(holder, object, toPath),
    getText: (holder, object) => buckets.getText(holder, object),
    listObjects: (holder, prefix) => buckets.list(holder, prefix),

    createSignals: (labels) => folders.create('signals', bucketNameOf(labels), { labels, attempt: null }),
    removeSignals: (holder) => remove('signals', holder),
    readSignals: (ref, afterSeq, signal) => signals.read(ref, afterSeq, signal),
    ackSignals: (ref, seq) => signals.ack(ref, seq),

    async createMachine(order) {
      return machines.create(order, async (folder) => {
        await signals.openAttempt(order);
        return planFor(order, folder);
      });
    },
    lookAtMachine: (ref) => machines.look(ref),
    removeMachine: (ref) => machines.remove(ref),
    readConsole: (ref) => machines.console(ref),

    list: () => folders.list(),
    manualRemoval: (thing: Thing) => {
      const folder = folders.folder(thing.kind, thing.name);
      return thing.kind === 'machine' ? endByHand(folder) : `rm -rf ${quoted(folder)}`;
    },
  };
}

function theMachineType(options: LocalCloudOptions): MachineType {
  const cpus = options.cpus ?? availableParallelism();
  const memoryGib = Math.round((totalmem() / 1024 ** 3) * 10) / 10;
  return {
    name: 'local',
    title: `This machine (${cpus} cores, ${memoryGib} GiB)`,
    cpus,
    memoryGib,
    gpus: [],
    pricePerHourMicros: options.pricePerHourMicros,
    // The price is the one in the settings, as they were read today.
    priceListDate: new Date().toISOString().slice(0, 10),
  };
}
