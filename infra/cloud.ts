import type { AttemptRef, Holder } from '../domain/ids.ts';
import type { TrainerEvent } from '../domain/event.ts';
import type { Micros } from '../domain/money.ts';

/** One kind of machine that a cloud offers, with its price. */
export interface MachineType {
  name: string;
  title: string;
  cpus: number;
  memoryGib: number;
  gpus: string[];
  /** The disk that comes with it, and what of the prices is its own; none where it has no price of its own. */
  disk?: { title: string; gib: number; pricePerHourMicros: Micros };
  /** On demand, for all that it costs while it exists, its disk included. */
  pricePerHourMicros: Micros;
  /** The same as a spot machine; absent or null where it is not offered as one. */
  spotPricePerHourMicros?: Micros | null;
  /** What of either price is its disk's; absent where the disk costs nothing by itself. */
  diskPricePerHourMicros?: Micros;
  /** What is billed at least for a machine, however short it lived; absent where every second counts. */
  billedAtLeastSeconds?: number;
  /** Where it exists, in the order in which they are tried; absent where there are no such places. */
  zones?: readonly string[];
  priceListDate: string;
}

/** Why nothing new can be made in a cloud, and the command, or what to write into the settings, that mends it. */
export interface Obstacle {
  reason: string;
  mend: string;
}

/** What every thing in a cloud is marked with, so that it can be found without our tables. */
export interface Labels extends Holder {
  installationId: string;
  owner: string;
}

export interface MachineOrder extends AttemptRef {
  labels: Labels;
  type: string;
  spot: boolean;
  /** People of the project may log in. */
  ssh?: boolean;
  engine: string;
  /** When the cloud itself ends the machine, whoever is still alive. */
  endsAtMs: number;
  /** When training must stop and hand in the best so far. */
  deadlineAtMs: number;
  /** Where machines of this job were taken back or not to be had, the latest last: other places are tried first. */
  avoidZones?: readonly string[];
}

export type MachineState = 'absent' | 'starting' | 'running' | 'ended';

/** What the cloud says of a machine; its own times, because bills follow those. */
export interface MachineSeen {
  name: string;
  state: MachineState;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** Why it ended, when the cloud knows: its own end was reached, it was removed, its process died, the cloud took it back. */
  endedBecause: 'finished' | 'expired' | 'killed' | 'out_of_memory' | 'preempted' | null;
  /** Where it stands, in clouds with such places. */
  zone?: string | null;
}

/** A machine that stands, with the times that it stands with: not those of this order, if an earlier one was first. */
export interface MachineMade extends MachineSeen, Pick<MachineOrder, 'endsAtMs' | 'deadlineAtMs'> {}

/** One thing that exists in the cloud now, found by label. */
export interface Thing {
  kind: 'bucket' | 'signals' | 'machine';
  name: string;
  labels: Labels;
  attempt: number | null;
  createdAtMs: number | null;
}

/** Takes a sentence for the platform log of whoever a thing is made for. */
export type Say = (sentence: string) => void;

/** A message that could not be delivered however often it was tried, and the events that are in it. */
export interface DeadLetter {
  firstSeq: number;
  lastSeq: number;
}

export interface EventBatch {
  events: TrainerEvent[];
  /** Records that could not be read (a broken checksum): counted, never silently dropped. */
  unreadable: number;
}

/**
 * A house where machines live. Every call may be repeated: twice is the same as once, removing what never was
 * succeeds, and a create that arrives after its remove is refused with `CreateRevoked` (see docs/adr).
 * `test/infra/cloud-contract.ts` holds every implementation to this.
 */
export interface Cloud {
  readonly name: 'local' | 'gcp' | 'aws';
  /** The host that alone can reach this cloud's folders and processes; null when any worker can. */
  readonly host: string | null;
  /** Its machines are elsewhere: they bring their engines with their image, and what they say crosses a network. */
  readonly isRemote?: true;

  /** In the way of anything new, by the settings alone; what is there can be looked at and removed all the same. */
  readonly obstacle?: Obstacle;
  /** In the way of a machine of this type, as far as it is known before one is made. */
  obstacleTo?(type: string): Promise<Obstacle | undefined>;
  /** The settings name it no more: it is there until what it has is gone, and is not offered. */
  readonly isLeft?: true;

  /** How long a machine may take before its first word, where it has to set itself up before. */
  readonly setUpSeconds?: number;

  machineTypes(): Promise<MachineType[]>;
  /** How many jobs may hold a place at once. */
  places(): Promise<number>;

  createBucket(labels: Labels): Promise<void>;
  removeBucket(holder: Holder): Promise<void>;
  putObject(holder: Holder, object: string, fromPath: string): Promise<void>;
  putText(holder: Holder, object: string, text: string): Promise<void>;
  /** False when there is no such object. */
  getObject(holder: Holder, object: string, toPath: string): Promise<boolean>;
  getText(holder: Holder, object: string): Promise<string | undefined>;
  listObjects(holder: Holder, prefix: string): Promise<string[]>;

  createSignals(labels: Labels, say?: Say): Promise<void>;
  removeSignals(holder: Holder, say?: Say): Promise<void>;
  /** Events with `seq` above `afterSeq`, as they come; returns when `signal` aborts. May repeat and reorder. */
  readSignals(ref: AttemptRef, afterSeq: number, signal: AbortSignal): AsyncIterable<EventBatch>;
  /** All up to `seq` are safe with us and may be forgotten there. */
  ackSignals(ref: AttemptRef, seq: number): Promise<void>;

  /** What the channel of an attempt gave up delivering; absent where nothing is given up. Looking changes nothing. */
  deadLetters?(ref: AttemptRef): Promise<DeadLetter[]>;

  /** One that has not started yet may still take the times of a later order; one that has keeps its own. */
  createMachine(order: MachineOrder, say?: Say): Promise<MachineMade>;
  lookAtMachine(ref: AttemptRef): Promise<MachineSeen>;
  /** Ends the machine with everything that runs on it. Returns once the cloud confirms that it is gone. */
  removeMachine(ref: AttemptRef): Promise<MachineSeen>;
  /** The command by which a person logs in to a machine that allows it; absent where no machine can. */
  loginCommand?(machine: { name: string; zone: string }): string;
  /** What the machine itself printed (serial console), newest last; for a person who asks why it never said hello. */
  readConsole(ref: AttemptRef): Promise<string>;

  /** Everything of this installation that exists now, by the cloud's own account. */
  list(): Promise<Thing[]>;
  /** The command a person can run by hand when removing does not succeed. */
  manualRemoval(thing: Thing): string;
}
