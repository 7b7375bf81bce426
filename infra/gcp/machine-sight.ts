import type { AttemptRef } from '../../domain/ids.ts';
import type { MachineSeen } from '../cloud.ts';
import type { GcpBuckets } from './buckets.ts';
import { type ComputeApi, environmentOf, type Instance } from './compute-api.ts';
import { type Life, lifeOf } from './machine-end.ts';
import { namesOf, ownPrefix, readLabels } from './names.ts';

export interface SightOptions {
  project: string;
  installationId: string;
  compute: ComputeApi;
  buckets: GcpBuckets;
}

/** Kept in the job's bucket: what the cloud will not say for ever. */
export interface MachineRecord {
  zone: string;
  startedAtMs: number | null;
  endsAtMs: number;
  deadlineAtMs: number;
  /** Zones that had none when they were asked last. */
  fullZones: string[];
}

/** Where machines stand and what becomes of them: by the API, and by what is kept where Google forgets. */
export class MachineSight {
  readonly #options: SightOptions;
  /** Where each was seen, so that a look is one call. */
  readonly #zones = new Map<string, string>();

  constructor(options: SightOptions) {
    this.#options = options;
  }

  zoneOf(name: string): string | undefined {
    return this.#zones.get(name);
  }

  seenIn(name: string, zone: string): void {
    this.#zones.set(name, zone);
  }

  /** One of another installation is as good as absent. */
  async find(ref: AttemptRef, name: string): Promise<Instance | undefined> {
    const { compute } = this.#options;
    const zone = this.#zones.get(name) ?? (await this.record(ref))?.zone;
    // Only where it is not known where to look: the listing of everything may lag behind.
    if (!zone) return this.findElsewhere(name);
    return this.#ours(await compute.instance(zone, name));
  }

  /** In whichever zone: another worker may have made it where we know nothing of. */
  async findElsewhere(name: string): Promise<Instance | undefined> {
    return this.#ours(await this.#options.compute.findInstance(name));
  }

  #ours(instance: Instance | undefined): Instance | undefined {
    if (!instance || !readLabels(instance.labels, this.#options.installationId)) return undefined;
    this.#zones.set(instance.name, instance.zone);
    return instance;
  }

  async seen(ref: AttemptRef, instance: Instance): Promise<MachineSeen> {
    const { name, zone } = instance;
    const startedAtMs = Date.parse(instance.creationTimestamp);
    const state = stateOf(instance);
    if (state !== 'ended') return { name, state, startedAtMs, endedAtMs: null, endedBecause: null, zone };
    const life = await this.#life(ref, name, zone, Number(environmentOf(instance)['TRAINYARD_ENDS_AT_MS']) || null);
    const stopped = Date.parse(instance.lastStopTimestamp ?? '') || Date.now();
    return {
      name,
      state,
      startedAtMs,
      endedAtMs: life?.endedAtMs ?? stopped,
      endedBecause: life?.endedBecause ?? null,
    };
  }

  async lifeWithout(ref: AttemptRef, name: string, record: MachineRecord | undefined): Promise<Life | undefined> {
    const zone = record?.zone ?? this.#zones.get(name);
    const life = zone && (await this.#life(ref, name, zone, record?.endsAtMs ?? null));
    if (!life) return undefined;
    // The same moment as was told while it stood.
    return { ...life, startedAtMs: record?.startedAtMs ?? life.startedAtMs };
  }

  async #life(ref: AttemptRef, name: string, zone: string, endsAtMs: number | null): Promise<Life | undefined> {
    const { compute, project, installationId } = this.#options;
    const { accountEmail } = namesOf(ref, installationId, project);
    return lifeOf(await compute.operations(zone, name), { accountEmail, endsAtMs });
  }

  async record(ref: AttemptRef): Promise<MachineRecord | undefined> {
    const bytes = await this.#options.buckets.getBytes(ref, recordOf(ref));
    return bytes ? (JSON.parse(bytes.toString('utf8')) as MachineRecord) : undefined;
  }

  async keep(ref: AttemptRef, record: MachineRecord): Promise<void> {
    await this.#options.buckets.putOwn(ref, recordOf(ref), JSON.stringify(record));
  }
}

function recordOf({ attempt }: AttemptRef): string {
  return `${ownPrefix}machine-${attempt}.json`;
}

export function stateOf({ status }: Instance): MachineSeen['state'] {
  if (['PROVISIONING', 'STAGING', 'PENDING', 'REPAIRING'].includes(status)) return 'starting';
  // One that is stopping still speaks: of one that is taken back, these are the seconds that it hands in.
  return ['RUNNING', 'STOPPING', 'SUSPENDING'].includes(status) ? 'running' : 'ended';
}
