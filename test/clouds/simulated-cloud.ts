import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainerEvent } from '../../domain/event.ts';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, bucketNameOf, type Holder, machineNameOf } from '../../domain/ids.ts';
import type {
  Cloud,
  EventBatch,
  Labels,
  MachineMade,
  MachineOrder,
  MachineSeen,
  MachineType,
  Thing,
} from '../../infra/cloud.ts';

type Said = TrainerEvent extends infer E ? (E extends TrainerEvent ? Omit<E, 'seq' | 'atMs'> : never) : never;

/** What a simulated trainer can do on its machine; each call comes to the relay as it would from a real one. */
export interface Actor {
  order: MachineOrder;
  say(event: Said): void;
  /** Puts `out/` files and done.json into the job's bucket, as the runner does when the trainer has ended. */
  handIn(files: Record<string, string | Buffer>): void;
  /** What was asked of it through control/attempt-N.json. */
  control(): { stop: boolean; deadlineAtMs: number } | undefined;
  /** Resolves when the machine is gone. */
  gone: Promise<void>;
  input(object: string): Buffer | undefined;
}

export type Script = (actor: Actor) => Promise<void>;

/** Thrown by a script: the cloud takes its spot machine back, without a word. */
export class TakenBack extends Error {}

interface Machine {
  order: MachineOrder;
  seen: MachineSeen;
  events: TrainerEvent[];
  end: (because: MachineSeen['endedBecause']) => void;
}

const madeAs = ({ seen, order: { endsAtMs, deadlineAtMs } }: Machine): MachineMade => ({
  ...seen,
  endsAtMs,
  deadlineAtMs,
});

/**
 * A cloud in memory: its machines run a script instead of a process. It keeps state and passes the same contract as
 * every other cloud; for tests of workflows, and to measure what the engine costs without a trainer.
 */
export class SimulatedCloud implements Cloud {
  readonly name: Cloud['name'];
  readonly host = null;
  readonly #script: (order: MachineOrder) => Script;
  readonly #places: number;
  readonly #usual: Partial<MachineType> & { pricePerHourMicros: number };
  readonly #larger: readonly Pick<MachineType, 'name' | 'memoryGib' | 'pricePerHourMicros'>[];
  /** In order; empty where there are no such places. */
  readonly #zones: readonly string[];
  readonly buckets = new Map<string, { labels: Labels; objects: Map<string, Buffer> }>();
  readonly #signals = new Map<string, Labels>();
  readonly machines = new Map<string, Machine>();
  readonly #spoken = new Map<string, TrainerEvent[]>();
  readonly #tombstones = new Set<string>();
  /** What a machine printed, by its name. */
  readonly consoles = new Map<string, string>();
  /** Everything that was ever made and removed, for tests that ask whether all came home. */
  readonly audit: string[] = [];
  /** What is answered to an order for a machine, instead of one; undefined makes it. */
  refuses: (order: MachineOrder) => TrainyardError | undefined = () => undefined;
  /** When set, removing a machine fails with this sentence. */
  removalFails: string | undefined;

  constructor({
    script,
    name = 'local',
    places = 4,
    pricePerHourMicros = 0,
    usual = {},
    larger = [],
    zones = [],
  }: {
    script: (order: MachineOrder) => Script;
    name?: Cloud['name'];
    places?: number;
    pricePerHourMicros?: number;
    /** What else is said of the usual machine: how it is sold, what its disk costs. */
    usual?: Partial<MachineType>;
    zones?: readonly string[];
    /** Offered beside the usual one. */
    larger?: readonly Pick<MachineType, 'name' | 'memoryGib' | 'pricePerHourMicros'>[];
  }) {
    this.#script = script;
    this.#places = places;
    this.name = name;
    this.#usual = { pricePerHourMicros, ...usual };
    this.#zones = zones;
    this.#larger = larger;
  }

  async machineTypes(): Promise<MachineType[]> {
    const common = { cpus: 2, gpus: [], priceListDate: '2026-11-01' };
    const usual = { name: 'local', title: 'Simulated', memoryGib: 8, ...this.#usual };
    return [usual, ...this.#larger.map((type) => ({ title: type.name, ...type }))].map((type) => ({
      ...common,
      ...type,
    }));
  }

  async places() {
    return this.#places;
  }

  async createBucket(labels: Labels) {
    const name = this.#allowed(bucketNameOf(labels), 'bucket');
    if (!this.buckets.has(name)) {
      this.buckets.set(name, { labels, objects: new Map() });
      this.audit.push(`+ bucket ${name}`);
    }
  }

  async removeBucket(holder: Holder) {
    const name = bucketNameOf(holder);
    this.#tombstones.add(`bucket ${name}`);
    if (this.buckets.delete(name)) this.audit.push(`- bucket ${name}`);
  }

  async putObject(holder: Holder, object: string, fromPath: string) {
    this.#objects(holder).set(object, readFileSync(fromPath));
  }

  async putText(holder: Holder, object: string, text: string) {
    this.#objects(holder).set(object, Buffer.from(text));
  }

  async getObject(holder: Holder, object: string, toPath: string) {
    const bytes = this.buckets.get(bucketNameOf(holder))?.objects.get(object);
    if (!bytes) return false;
    mkdirSync(dirname(toPath), { recursive: true });
    writeFileSync(toPath, bytes);
    return true;
  }

  async getText(holder: Holder, object: string) {
    return this.buckets.get(bucketNameOf(holder))?.objects.get(object)?.toString();
  }

  async listObjects(holder: Holder, prefix: string) {
    const names = [...(this.buckets.get(bucketNameOf(holder))?.objects.keys() ?? [])];
    return names.filter((name) => name.startsWith(prefix)).sort();
  }

  async createSignals(labels: Labels) {
    const name = this.#allowed(bucketNameOf(labels), 'signals');
    if (this.#signals.has(name)) return;
    this.#signals.set(name, labels);
    this.audit.push(`+ signals ${name}`);
  }

  async removeSignals(holder: Holder) {
    const name = bucketNameOf(holder);
    this.#tombstones.add(`signals ${name}`);
    if (this.#signals.delete(name)) this.audit.push(`- signals ${name}`);
  }

  async *readSignals(ref: AttemptRef, afterSeq: number, signal: AbortSignal): AsyncIterable<EventBatch> {
    for (let next = afterSeq; !signal.aborted; ) {
      const spoken = this.#spoken.get(machineNameOf(ref)) ?? [];
      const events = spoken.slice(next, next + 1000);
      if (events.length > 0) {
        yield { events, unreadable: 0 };
        next += events.length;
      } else await sleep(20, undefined, { signal }).catch(() => {});
    }
  }

  async ackSignals() {}

  async createMachine(order: MachineOrder): Promise<MachineMade> {
    const name = this.#allowed(machineNameOf(order), 'machine');
    const known = this.machines.get(name);
    if (known) return madeAs(known);
    const refusal = this.refuses(order);
    if (refusal) throw refusal;
    let leave = () => {};
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const zone = this.#zones.find((each) => !order.avoidZones?.includes(each)) ?? this.#zones[0] ?? null;
    const times = { startedAtMs: Date.now(), endedAtMs: null };
    const seen: MachineSeen = { name, state: 'running', ...times, endedBecause: null, zone };
    const end = (because: MachineSeen['endedBecause']) => {
      if (seen.state === 'ended') return;
      Object.assign(seen, { state: 'ended', endedAtMs: Date.now(), endedBecause: because });
      leave();
    };
    const machine: Machine = { order, seen, events: [], end };
    this.machines.set(name, machine);
    this.#spoken.set(name, machine.events);
    this.audit.push(`+ machine ${name}`);
    this.#script(order)(this.#actor(machine, gone)).then(
      () => end('finished'),
      (error: unknown) => end(error instanceof TakenBack ? 'preempted' : 'killed'),
    );
    return madeAs(machine);
  }

  async lookAtMachine(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const absent = { name, state: 'absent', startedAtMs: null, endedAtMs: null, endedBecause: null } as const;
    return this.machines.get(name)?.seen ?? absent;
  }

  async removeMachine(ref: AttemptRef): Promise<MachineSeen> {
    if (this.removalFails) throw new TrainyardError('CloudUnavailable', this.removalFails);
    const name = machineNameOf(ref);
    this.#tombstones.add(`machine ${name}`);
    const machine = this.machines.get(name);
    if (!machine) return this.lookAtMachine(ref);
    machine.end('killed');
    this.machines.delete(name);
    this.audit.push(`- machine ${name}`);
    return machine.seen;
  }

  async readConsole(ref: AttemptRef) {
    return this.consoles.get(machineNameOf(ref)) ?? '';
  }

  async list(): Promise<Thing[]> {
    const made = { createdAtMs: null };
    return [
      ...[...this.buckets].map(([name, { labels }]) => ({
        kind: 'bucket' as const,
        name,
        labels,
        attempt: null,
        ...made,
      })),
      ...[...this.#signals].map(([name, labels]) => ({
        kind: 'signals' as const,
        name,
        labels,
        attempt: null,
        ...made,
      })),
      ...[...this.machines].map(([name, { order, seen }]) => ({
        kind: 'machine' as const,
        name,
        labels: order.labels,
        attempt: order.attempt,
        createdAtMs: seen.startedAtMs,
      })),
    ];
  }

  manualRemoval(thing: Thing) {
    return `remove ${thing.kind} ${thing.name}`;
  }

  #allowed(name: string, kind: string): string {
    if (this.#tombstones.has(`${kind} ${name}`)) {
      throw new TrainyardError('CreateRevoked', `The ${kind} ${name} has been removed; it is not made again.`);
    }
    return name;
  }

  #objects(holder: Holder): Map<string, Buffer> {
    const bucket = this.buckets.get(bucketNameOf(holder));
    if (!bucket) throw new TrainyardError('NotFound', `There is no bucket ${bucketNameOf(holder)}.`);
    return bucket.objects;
  }

  #actor({ order, seen, events }: Machine, gone: Promise<void>): Actor {
    const bucket = () => this.buckets.get(bucketNameOf(order))?.objects;
    return {
      order,
      gone,
      input: (object) => bucket()?.get(`input/${object}`),
      say(event) {
        if (seen.state === 'running') events.push({ seq: events.length + 1, atMs: Date.now(), ...event });
      },
      handIn(files) {
        const sums: Record<string, string> = {};
        for (const [name, content] of Object.entries(files)) {
          const bytes = Buffer.from(content);
          sums[name] = createHash('sha256').update(bytes).digest('hex');
          bucket()?.set(`attempts/${order.attempt}/out/${name}`, bytes);
        }
        bucket()?.set(`attempts/${order.attempt}/done.json`, Buffer.from(JSON.stringify({ files: sums })));
      },
      control() {
        const text = bucket()?.get(`control/attempt-${order.attempt}.json`)?.toString();
        return text ? JSON.parse(text) : undefined;
      },
    };
  }
}
