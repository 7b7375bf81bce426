import { setTimeout as wait } from 'node:timers/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import type { MachineSeen } from '../cloud.ts';
import type { Tombstones } from '../tombstones.ts';
import type { GcpBuckets } from './buckets.ts';
import type { ComputeApi } from './compute-api.ts';
import { isBeingMade, type Life } from './machine-end.ts';
import type { MachineRecord, MachineSight } from './machine-sight.ts';
import { readLabels } from './names.ts';
import { machineStackName } from './terraform/machine-stack.ts';
import type { Terraform } from './terraform/run-terraform.ts';

export interface RemoverOptions {
  installationId: string;
  compute: ComputeApi;
  buckets: GcpBuckets;
  terraform: Terraform;
  tombstones: Tombstones;
  sight: MachineSight;
}

/** Whoever is still making it here: that its tombstone lies, and that it costs nothing more. */
interface Told {
  revoked: () => void;
  freed: () => void;
}

const askEveryMs = 300;
const lateCreateMs = 300_000;
const unknownLife: Life = { startedAtMs: null, endedAtMs: null, endedBecause: null };

/** Takes machines away by the API, since only that knows; and then what Terraform knew of them. */
export class MachineRemover {
  readonly #options: RemoverOptions;

  constructor(options: RemoverOptions) {
    this.#options = options;
  }

  async look(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const { sight, tombstones } = this.#options;
    const instance = await sight.find(ref, name);
    if (instance) return sight.seen(ref, instance);
    const stone = await tombstones.read('machine', name);
    if (stone?.machine) return { name, state: 'absent', ...stone.machine };
    const record = await sight.record(ref);
    const life = (record && (await sight.lifeWithout(ref, name, record))) ?? unknownLife;
    // One that went by itself is to be asked for until it is removed; then its tombstone says what it was.
    return { name, state: life.endedAtMs !== null && !stone ? 'ended' : 'absent', ...life };
  }

  async remove(ref: AttemptRef, { revoked, freed }: Told): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const { tombstones, sight } = this.#options;
    await tombstones.leave('machine', name);
    revoked();
    const before = await this.look(ref);
    if (before.state === 'absent' && (await tombstones.read('machine', name))?.machine) return before;
    // Money first: nothing is asked of Terraform before this.
    await this.#deleteIfThere(ref, name);
    freed();
    const record = await sight.record(ref);
    const zone = record?.zone ?? sight.zoneOf(name);
    if (record) await this.#takeBack(ref, name, record.zone);
    if (zone) await this.#deleteDisk(zone, name);
    await this.#deleteElsewhere(name);
    const life = await this.#lifeAfter(ref, name, before, record);
    if (life.endedAtMs !== null) await tombstones.leave('machine', name, life);
    return { name, state: 'absent', ...life };
  }

  /** An apply that died, or still runs somewhere, may make it after we looked. */
  async #untilNothingIsOnItsWay(ref: AttemptRef, name: string, zone: string): Promise<void> {
    const { compute } = this.#options;
    for (const until = Date.now() + lateCreateMs; Date.now() < until; await wait(askEveryMs)) {
      if (!isBeingMade(await compute.operations(zone, name))) return this.#deleteIfThere(ref, name);
      await this.#deleteIfThere(ref, name);
    }
    throw new TrainyardError('CloudUnavailable', `Google is still at making ${name}; its removal is asked again.`);
  }

  /** Nobody makes it any more while we hold its stack; so what Terraform knows of it can go. */
  async #takeBack(ref: AttemptRef, name: string, zone: string): Promise<void> {
    const { terraform, buckets } = this.#options;
    const stack = machineStackName(ref.attempt);
    const bucket = buckets.bucket(ref);
    if (!(await buckets.isOurs(ref))) return this.#untilNothingIsOnItsWay(ref, name, zone);
    const signal = new AbortController().signal;
    await terraform.holding({ stack }, { bucket, signal }, async (held) => {
      await this.#untilNothingIsOnItsWay(ref, name, zone);
      held.signal.throwIfAborted();
      await terraform.forget({ stack, bucket: bucket.name }, bucket);
    });
  }

  async #deleteIfThere(ref: AttemptRef, name: string): Promise<void> {
    const { compute, sight } = this.#options;
    for (let instance = await sight.find(ref, name); instance; instance = await sight.find(ref, name)) {
      await compute.deleteInstance(instance.zone, name);
    }
  }

  /** Whoever made it may have known, or kept, of another zone than it was made in. */
  async #deleteElsewhere(name: string): Promise<void> {
    const { compute, sight } = this.#options;
    const instance = await sight.findElsewhere(name);
    if (!instance) return;
    await compute.deleteInstance(instance.zone, name);
    await this.#deleteDisk(instance.zone, name);
  }

  async #lifeAfter(
    ref: AttemptRef,
    name: string,
    before: MachineSeen,
    record: MachineRecord | undefined,
  ): Promise<Life> {
    const { startedAtMs, endedAtMs, endedBecause } = before;
    if (startedAtMs !== null && endedAtMs !== null) return { startedAtMs, endedAtMs, endedBecause };
    if (startedAtMs === null && !record) return unknownLife;
    const life = await this.#options.sight.lifeWithout(ref, name, record);
    if (startedAtMs === null && !life?.startedAtMs) return unknownLife;
    return {
      startedAtMs: startedAtMs ?? life?.startedAtMs ?? null,
      endedAtMs: life?.endedAtMs ?? Date.now(),
      endedBecause: life?.endedBecause ?? 'killed',
    };
  }

  /** Its own goes with it; this is for one that was made, and the machine then was not. */
  async #deleteDisk(zone: string, name: string): Promise<void> {
    const { compute, installationId } = this.#options;
    const disk = await compute.disk(zone, name);
    if (disk && readLabels(disk.labels, installationId)) await compute.deleteDisk(zone, name);
  }
}
