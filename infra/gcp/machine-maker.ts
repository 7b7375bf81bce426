import { setTimeout as wait } from 'node:timers/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import type { MachineMade, MachineOrder, Say } from '../cloud.ts';
import type { Tombstones } from '../tombstones.ts';
import type { GcpBuckets } from './buckets.ts';
import { type ComputeApi, environmentOf, type Instance } from './compute-api.ts';
import { isBeingMade } from './machine-end.ts';
import { type MachineSight, stateOf } from './machine-sight.ts';
import { bucketNameOf, machineRole, namesOf } from './names.ts';
import { machineStackName } from './terraform/machine-stack.ts';
import type { Apply, Terraform } from './terraform/run-terraform.ts';
import type { Synthesised } from './terraform/synth.ts';

export interface MakerOptions {
  project: string;
  installationId: string;
  compute: ComputeApi;
  buckets: GcpBuckets;
  terraform: Terraform;
  tombstones: Tombstones;
  sight: MachineSight;
  /** How long one call may try, over all zones; it must end before whoever asked counts it as lost. */
  makeWithinMs: number;
  /** Where the type is offered. */
  zonesFor: (order: MachineOrder) => string[];
  /** Lays out what a machine needs; then its stack can be made at any time, with the times of then. */
  prepareStack: (order: MachineOrder) => Promise<StackFor>;
  remove: (ref: AttemptRef) => Promise<unknown>;
}

type StackFor = (order: MachineOrder, zone: string) => Synthesised;

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
/** A wait that nobody notices leaves the times as they were shown. */
const unnoticedMs = 5000;

/** Makes machines by Terraform: each once, whoever else is asked for it at the same time. */
export class MachineMaker {
  readonly #options: MakerOptions;
  readonly #making = new Map<string, Making & { made: Promise<MachineMade> }>();

  constructor(options: MakerOptions) {
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

  stop(name: string): void {
    this.#making.get(name)?.stop.abort();
  }

  abandon(name: string): void {
    this.#making.get(name)?.abandon.abort();
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
    const { tombstones, remove } = this.#options;
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
        await remove(order);
        await tombstones.refuse('machine', name);
      }
      throw error;
    }
    throw new TrainyardError('CloudUnavailable', `Terraform says that the machine ${name} is there; Google does not.`);
  }

  /** One that stands already, or has stood: with the times that it stands with. */
  async #made(order: MachineOrder, name: string): Promise<MachineMade | undefined> {
    const instance = await this.#options.sight.find(order, name);
    const record = await this.#options.sight.record(order);
    if (instance) {
      const running = await this.#running(instance, order);
      const environment = environmentOf(running);
      const endsAtMs = Number(environment['TRAINYARD_ENDS_AT_MS'] ?? order.endsAtMs);
      const deadlineAtMs = Number(environment['TRAINYARD_DEADLINE_AT_MS'] ?? order.deadlineAtMs);
      if (record?.startedAtMs == null) await this.#settle(order, running, { endsAtMs, deadlineAtMs });
      return { ...(await this.#options.sight.seen(order, running)), zone: instance.zone, endsAtMs, deadlineAtMs };
    }
    const life = record && (await this.#options.sight.lifeWithout(order, name, record));
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
    await this.#options.sight.keep(order, {
      zone: instance.zone,
      startedAtMs: Date.parse(instance.creationTimestamp),
      fullZones: [],
      ...times,
    });
  }

  /**
   * Decided only where nobody else is at work: whoever waited for that finds what the one before made, and waiting is
   * not training, so both times are put off by it.
   */
  async #applyInSomeZone(order: MachineOrder, name: string, say: Say, making: Making): Promise<void> {
    const { terraform, buckets, tombstones, prepareStack, makeWithinMs } = this.#options;
    const askedAtMs = Date.now();
    await buckets.outlive(order, order.endsAtMs + makeWithinMs);
    const enough = AbortSignal.timeout(makeWithinMs);
    const stackFor = await prepareStack(order);
    const stack = { stack: machineStackName(order.attempt), bucket: bucketNameOf(order) };
    const signal = AbortSignal.any([making.stop.signal, enough]);
    const run = { bucket: buckets.bucket(order), say, signal, abandon: making.abandon.signal };
    try {
      await terraform.making(stack, run, async (apply) => {
        await tombstones.refuse('machine', name);
        if (await this.#stoodBefore(order, name)) return;
        await this.#inSomeZone({ order, name, askedAtMs, say, stackFor, stop: making.stop.signal, signal, apply });
      });
    } catch (error) {
      if (enough.aborted && !making.stop.signal.aborted) throw tookTooLong(name, makeWithinMs);
      throw error;
    }
  }

  /** What we saw or kept may be of a zone that another worker has left since. */
  async #stoodBefore(order: MachineOrder, name: string): Promise<boolean> {
    const { sight } = this.#options;
    const record = await sight.record(order);
    if (record) sight.seenIn(name, record.zone);
    if ((await sight.find(order, name)) ?? (await sight.findElsewhere(name))) return true;
    const life = record && (await sight.lifeWithout(order, name, record));
    return Boolean(life?.startedAtMs && life.endedAtMs);
  }

  async #inSomeZone(work: {
    order: MachineOrder;
    name: string;
    askedAtMs: number;
    say: Say;
    stackFor: StackFor;
    stop: AbortSignal;
    signal: AbortSignal;
    apply: Apply;
  }): Promise<void> {
    const { order, name, say, stackFor, stop, signal, apply } = work;
    const { zonesFor, sight, compute } = this.#options;
    const record = await sight.record(order);
    // Where machines of this job were taken back lately comes last, the latest of them at the very end.
    const avoided = order.avoidZones ?? [];
    const offered = zonesFor(order).toSorted((one, other) => avoided.lastIndexOf(one) - avoided.lastIndexOf(other));
    const untried = offered.filter((zone) => !record?.fullZones.includes(zone));
    // Those that were full a while ago are asked again when there is no other.
    const zones = untried.length > 0 ? untried : offered;
    const full = untried.length > 0 ? [...(record?.fullZones ?? [])] : [];
    // One that was asked for there, by whoever died since, may come true all the same; elsewhere there would be two.
    const awaited = record && isBeingMade(await compute.operations(record.zone, name)) ? [record.zone] : [];
    let last: TrainyardError | undefined;
    for (const zone of new Set([...awaited, ...zones])) {
      const timed = putOff(order, Date.now() - work.askedAtMs);
      const { endsAtMs, deadlineAtMs } = timed;
      const kept = { zone, startedAtMs: null, fullZones: full, endsAtMs, deadlineAtMs };
      await sight.keep(order, kept);
      sight.seenIn(name, zone);
      const settled = new AbortController();
      const watching = this.#abandonWhenEnded(zone, name, settled);
      try {
        await apply(stackFor(timed, zone), settled.signal);
        return;
      } catch (error) {
        if (stop.aborted) throw error;
        // It may be there all the same, or have been: what went wrong came after it, or the answer was lost.
        if (settled.signal.aborted || (await compute.instance(zone, name))) return;
        if (signal.aborted || !isAboutPlace(error)) throw error;
        say(`${error.message} (${zone})`);
        full.push(zone);
        last = error;
        await sight.keep(order, kept);
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
      now = (await this.#options.sight.find(ref, instance.name)) ?? { ...now, status: 'TERMINATED' };
    }
    return now;
  }
}

function putOff(order: MachineOrder, waitedMs: number): MachineOrder {
  // Our clock may be set meanwhile, back as well: either way the machine lasts as long as was decided.
  if (Math.abs(waitedMs) < unnoticedMs) return order;
  return { ...order, endsAtMs: order.endsAtMs + waitedMs, deadlineAtMs: order.deadlineAtMs + waitedMs };
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
