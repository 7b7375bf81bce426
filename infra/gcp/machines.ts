import { setTimeout as wait } from 'node:timers/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import type { MachineMade, MachineOrder, MachineSeen, Say } from '../cloud.ts';
import type { Tombstones } from '../tombstones.ts';
import type { GcpBuckets } from './buckets.ts';
import { type ComputeApi, environmentOf, type Instance } from './compute-api.ts';
import { isBeingMade, type Life, lifeOf } from './machine-end.ts';
import { machineRole, namesOf, ownPrefix, readLabels } from './names.ts';
import { machineStackName } from './terraform/machine-stack.ts';
import type { Terraform } from './terraform/run-terraform.ts';
import type { Synthesised } from './terraform/synth.ts';

export interface MachinesOptions {
  project: string;
  installationId: string;
  /** In the order in which they are tried. */
  zones: readonly string[];
  compute: ComputeApi;
  buckets: GcpBuckets;
  terraform: Terraform;
  tombstones: Tombstones;
  /** How long one call may try, over all zones; it must end before whoever asked counts it as lost. */
  makeWithinMs: number;
  /** Where the type is offered, and the stack that asks for it there. */
  zonesFor: (order: MachineOrder) => string[];
  stackFor: (order: MachineOrder, zone: string) => Promise<Synthesised>;
}

/** Kept in the job's bucket: what the cloud will not say for ever. */
interface MachineRecord {
  zone: string;
  startedAtMs: number | null;
  endsAtMs: number;
  deadlineAtMs: number;
  /** Zones that had none when they were asked last. */
  fullZones: string[];
}

/** How an apply is ended: asked, or without waiting for what it still wants to write down. */
interface Making {
  stop: AbortController;
  abandon: AbortController;
}

const abandonAfterMs = 3000;
const watchEveryMs = 1000;
const runsWithinMs = 180_000;
const askEveryMs = 300;
const tombstoneEveryMs = 1000;
const lateCreateMs = 300_000;
const consoleShown = 64 * 1024;
const unknownLife: Life = { startedAtMs: null, endedAtMs: null, endedBecause: null };

/** Machines of Compute Engine: made by Terraform, looked at and taken away by the API, since only that knows. */
export class GcpMachines {
  readonly #options: MachinesOptions;
  /** Where each was seen, so that a look is one call. */
  readonly #zones = new Map<string, string>();
  readonly #making = new Map<string, Making & { made: Promise<MachineMade> }>();

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  async create(order: MachineOrder, say: Say): Promise<MachineMade> {
    const name = machineNameOf(order);
    const known = this.#making.get(name);
    if (known) return known.made;
    const making = { stop: new AbortController(), abandon: new AbortController() };
    const watching = this.#stopWhenRevoked(name, making);
    const made = this.#create(order, name, say, making).finally(() => {
      clearInterval(watching);
      this.#making.delete(name);
    });
    this.#making.set(name, { ...making, made });
    return made;
  }

  /** The remove may come in another process: there is one place where both look. */
  #stopWhenRevoked(name: string, { stop, abandon }: Making): NodeJS.Timeout {
    return setInterval(() => {
      this.#options.tombstones.read('machine', name).then(
        (stone) => {
          if (!stone || stop.signal.aborted) return;
          stop.abort();
          setTimeout(() => abandon.abort(), abandonAfterMs).unref();
        },
        () => {},
      );
    }, tombstoneEveryMs).unref();
  }

  async #create(order: MachineOrder, name: string, say: Say, making: Making): Promise<MachineMade> {
    const { tombstones } = this.#options;
    await tombstones.refuse('machine', name);
    const before = await this.#made(order, name);
    if (before) return before;
    try {
      await this.#applyInSomeZone(order, name, say, making);
      const made = await this.#made(order, name);
      await tombstones.refuse('machine', name);
      if (made) return made;
    } catch (error) {
      // Whoever removed it may have looked before it was there.
      if (await tombstones.read('machine', name)) {
        await this.remove(order);
        await tombstones.refuse('machine', name);
      }
      throw error;
    }
    throw new TrainyardError('CloudUnavailable', `Terraform says that the machine ${name} is there; Google does not.`);
  }

  /** One that stands already, or has stood: with the times that it stands with. */
  async #made(order: MachineOrder, name: string): Promise<MachineMade | undefined> {
    const instance = await this.#find(order, name);
    const record = await this.#record(order);
    if (instance) {
      const running = await this.#running(instance, order);
      const environment = environmentOf(running);
      const endsAtMs = Number(environment['TRAINYARD_ENDS_AT_MS'] ?? order.endsAtMs);
      const deadlineAtMs = Number(environment['TRAINYARD_DEADLINE_AT_MS'] ?? order.deadlineAtMs);
      if (record?.startedAtMs == null) await this.#settle(order, running, { endsAtMs, deadlineAtMs });
      return { ...(await this.#seen(order, running)), zone: instance.zone, endsAtMs, deadlineAtMs };
    }
    const life = record && (await this.#lifeWithout(order, name, record));
    if (!record || !life?.startedAtMs || !life.endedAtMs) return undefined;
    const { zone, endsAtMs, deadlineAtMs } = record;
    return { name, state: 'ended', ...life, zone, endsAtMs, deadlineAtMs };
  }

  /** What is left to do once it is there, whoever made it and died: it may remove itself, and its times are kept. */
  async #settle(order: MachineOrder, instance: Instance, times: Pick<MachineOrder, 'endsAtMs' | 'deadlineAtMs'>) {
    const { compute, project, installationId } = this.#options;
    const { accountEmail } = namesOf(order, installationId, project);
    const role = `projects/${project}/roles/${machineRole}`;
    await compute.allowOn(instance.zone, instance.name, role, `serviceAccount:${accountEmail}`);
    await this.#keep(order, {
      zone: instance.zone,
      startedAtMs: Date.parse(instance.creationTimestamp),
      fullZones: [],
      ...times,
    });
  }

  async #applyInSomeZone(order: MachineOrder, name: string, say: Say, making: Making): Promise<void> {
    const { zonesFor, stackFor, terraform, buckets } = this.#options;
    const record = await this.#record(order);
    // Where machines of this job were taken back lately comes last, the latest of them at the very end.
    const avoided = order.avoidZones ?? [];
    const offered = zonesFor(order).toSorted((one, other) => avoided.lastIndexOf(one) - avoided.lastIndexOf(other));
    const untried = offered.filter((zone) => !record?.fullZones.includes(zone));
    // Those that were full a while ago are asked again when there is no other.
    const zones = untried.length > 0 ? untried : offered;
    const full = untried.length > 0 ? [...(record?.fullZones ?? [])] : [];
    await buckets.outlive(order, order.endsAtMs);
    const { makeWithinMs } = this.#options;
    const enough = AbortSignal.timeout(makeWithinMs);
    let last: TrainyardError | undefined;
    for (const zone of zones) {
      const times = { endsAtMs: order.endsAtMs, deadlineAtMs: order.deadlineAtMs };
      await this.#keep(order, { zone, startedAtMs: null, fullZones: full, ...times });
      this.#zones.set(name, zone);
      const settled = new AbortController();
      const watching = this.#abandonWhenEnded(zone, name, settled);
      try {
        const stack = await stackFor(order, zone);
        const { stop, abandon } = making;
        await terraform.apply(stack, {
          bucket: buckets.bucket(order),
          say,
          signal: AbortSignal.any([stop.signal, enough]),
          abandon: AbortSignal.any([abandon.signal, settled.signal]),
        });
        return;
      } catch (error) {
        if (making.stop.signal.aborted) throw error;
        // It may be there all the same, or have been: what went wrong came after it, or the answer was lost.
        if (settled.signal.aborted || (await this.#options.compute.instance(zone, name))) return;
        if (enough.aborted) throw tookTooLong(name, makeWithinMs);
        if (!isAboutPlace(error)) throw error;
        say(`${error.message} (${zone})`);
        full.push(zone);
        last = error;
        await this.#keep(order, { zone, startedAtMs: null, fullZones: full, ...times });
      } finally {
        clearInterval(watching);
      }
    }
    throw noneLeft(order, full, last);
  }

  /** Terraform waits for one that runs; one that came and went, it would wait for in vain. */
  #abandonWhenEnded(zone: string, name: string, settled: AbortController): NodeJS.Timeout {
    let seen = false;
    return setInterval(() => {
      this.#options.compute.instance(zone, name).then(
        (instance) => {
          const ended = instance ? stateOf(instance) === 'ended' : seen;
          seen ||= instance !== undefined;
          if (ended) settled.abort();
        },
        () => {},
      );
    }, watchEveryMs).unref();
  }

  async #running(instance: Instance, ref: AttemptRef): Promise<Instance> {
    let now = instance;
    for (const until = Date.now() + runsWithinMs; stateOf(now) === 'starting' && Date.now() < until; ) {
      await wait(askEveryMs);
      now = (await this.#find(ref, instance.name)) ?? { ...now, status: 'TERMINATED' };
    }
    return now;
  }

  async look(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const instance = await this.#find(ref, name);
    if (instance) return this.#seen(ref, instance);
    const stone = await this.#options.tombstones.read('machine', name);
    if (stone?.machine) return { name, state: 'absent', ...stone.machine };
    const record = await this.#record(ref);
    const life = (record && (await this.#lifeWithout(ref, name, record))) ?? unknownLife;
    // One that went by itself is to be asked for until it is removed; then its tombstone says what it was.
    return { name, state: life.endedAtMs !== null && !stone ? 'ended' : 'absent', ...life };
  }

  async remove(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const { tombstones } = this.#options;
    await tombstones.leave('machine', name);
    const making = this.#making.get(name);
    making?.stop.abort();
    const before = await this.look(ref);
    if (before.state === 'absent' && (await tombstones.read('machine', name))?.machine) return before;
    // Money first: nothing is asked of Terraform before this.
    await this.#deleteIfThere(ref, name);
    making?.abandon.abort();
    const record = await this.#record(ref);
    const zone = record?.zone ?? this.#zones.get(name);
    if (record) await this.#takeBack(ref, name, record.zone);
    if (zone) await this.#deleteDisk(zone, name);
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
    await terraform.holding({ stack }, { bucket, signal }, async () => {
      await this.#untilNothingIsOnItsWay(ref, name, zone);
      await terraform.forget({ stack, bucket: bucket.name }, bucket);
    });
  }

  async #deleteIfThere(ref: AttemptRef, name: string): Promise<void> {
    for (let instance = await this.#find(ref, name); instance; instance = await this.#find(ref, name)) {
      await this.#options.compute.deleteInstance(instance.zone, name);
    }
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
    const life = await this.#lifeWithout(ref, name, record);
    if (startedAtMs === null && !life?.startedAtMs) return unknownLife;
    return {
      startedAtMs: startedAtMs ?? life?.startedAtMs ?? null,
      endedAtMs: life?.endedAtMs ?? Date.now(),
      endedBecause: life?.endedBecause ?? 'killed',
    };
  }

  async console(ref: AttemptRef): Promise<string> {
    const instance = await this.#find(ref, machineNameOf(ref));
    return instance ? (await this.#options.compute.console(instance.zone, instance.name)).slice(-consoleShown) : '';
  }

  /** Its own goes with it; this is for one that was made, and the machine then was not. */
  async #deleteDisk(zone: string, name: string): Promise<void> {
    const { compute, installationId } = this.#options;
    const disk = await compute.disk(zone, name);
    if (disk && readLabels(disk.labels, installationId)) await compute.deleteDisk(zone, name);
  }

  zoneOf(name: string): string | undefined {
    return this.#zones.get(name);
  }

  seenIn(name: string, zone: string): void {
    this.#zones.set(name, zone);
  }

  /** One of another installation is as good as absent. */
  async #find(ref: AttemptRef, name: string): Promise<Instance | undefined> {
    const { compute, installationId } = this.#options;
    const zone = this.#zones.get(name) ?? (await this.#record(ref))?.zone;
    const instance = (zone && (await compute.instance(zone, name))) || (await this.#findAnywhere(name, zone));
    if (!instance || !readLabels(instance.labels, installationId)) return undefined;
    this.#zones.set(name, instance.zone);
    return instance;
  }

  /** Only where it is not known where to look: the listing of everything may lag behind. */
  async #findAnywhere(name: string, zone: string | undefined): Promise<Instance | undefined> {
    return zone ? undefined : this.#options.compute.findInstance(name);
  }

  async #seen(ref: AttemptRef, instance: Instance): Promise<MachineSeen> {
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

  async #lifeWithout(ref: AttemptRef, name: string, record: MachineRecord | undefined): Promise<Life | undefined> {
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

  async #record(ref: AttemptRef): Promise<MachineRecord | undefined> {
    const bytes = await this.#options.buckets.getBytes(ref, recordOf(ref));
    return bytes ? (JSON.parse(bytes.toString('utf8')) as MachineRecord) : undefined;
  }

  async #keep(ref: AttemptRef, record: MachineRecord): Promise<void> {
    await this.#options.buckets.putOwn(ref, recordOf(ref), JSON.stringify(record));
  }
}

function recordOf({ attempt }: AttemptRef): string {
  return `${ownPrefix}machine-${attempt}.json`;
}

function stateOf({ status }: Instance): MachineSeen['state'] {
  if (['PROVISIONING', 'STAGING', 'PENDING', 'REPAIRING'].includes(status)) return 'starting';
  // One that is stopping still speaks: of one that is taken back, these are the seconds that it hands in.
  return ['RUNNING', 'STOPPING', 'SUSPENDING'].includes(status) ? 'running' : 'ended';
}

function isAboutPlace(error: unknown): error is TrainyardError {
  return error instanceof TrainyardError && (error.type === 'NoCapacity' || error.type === 'QuotaExceeded');
}

/** Asked again, it goes on from what is there: the zone that it was at comes first, and one that lands late is found. */
function tookTooLong(name: string, withinMs: number): TrainyardError {
  const minutes = Math.max(1, Math.round(withinMs / 60_000));
  return new TrainyardError('CloudUnavailable', `Google did not come to an end with ${name} within ${minutes} min.`);
}

function noneLeft(order: MachineOrder, zones: string[], last: TrainyardError | undefined): TrainyardError {
  if (last?.type === 'QuotaExceeded') return last;
  const kind = order.spot ? 'spot machine' : 'machine';
  return new TrainyardError(
    'NoCapacity',
    `Google has no ${kind} of type ${order.type} left in ${zones.join(', ') || 'the zones of the settings'}.`,
    'It is tried again; another type, or more zones in gcpZones, may be quicker.',
  );
}
