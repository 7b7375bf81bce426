import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import { intervalCost, type Micros } from '../../domain/money.ts';
import type { MachineMade, MachineOrder, MachineSeen, MachineType } from '../../infra/cloud.ts';
import { SimulatedCloud } from './simulated-cloud.ts';

/** How the cloud behaves towards one machine. */
export interface Behaviour {
  /** From the order until it is begun with, its times put off by as much: another worker is at it, or no turn is free. */
  waitsMs?: number;
  /** From then on until it is there, and billed. */
  startsAfterMs: number;
  /** From then on it is taken back, or lost, by itself; null while it stays. */
  lostAfterMs: number | null;
  /** From asking, or from its own end, until it is gone and not billed any more. */
  goesAfterMs: number;
  /** How often there is none, before there is one. */
  refusals: number;
}

export class WorkerKilled extends Error {}

interface Billed {
  order: MachineOrder;
  startedAtMs: number;
  /** When it goes if nobody does anything: it is lost, or its own end has come. */
  endsByItselfAtMs: number;
  removedAtMs: number | null;
  behaviour: Behaviour;
}

/**
 * A cloud with a clock and a bill of its own: what is paid is counted from its own times, whatever our tables say. As
 * Google does, it counts the longest that a machine may run from when it is there.
 */
export class BillingCloud extends SimulatedCloud {
  atMs = 0;
  behaves: (order: MachineOrder) => Behaviour = () => {
    throw new Error('Nobody said how it behaves.');
  };
  /** The worker that makes the next machine is killed before it hears of it. */
  diesAfterNext = false;
  readonly billed = new Map<string, Billed>();
  readonly #ourNow: () => number;
  readonly #type: MachineType;
  readonly #refused = new Map<string, number>();

  constructor(type: MachineType, ourNow: () => number) {
    super({ script: () => async () => {} });
    this.#type = type;
    this.#ourNow = ourNow;
  }

  override async machineTypes(): Promise<MachineType[]> {
    return [this.#type];
  }

  override async createMachine(asked: MachineOrder): Promise<MachineMade> {
    const name = machineNameOf(asked);
    const known = this.billed.get(name);
    if (known)
      return { ...this.#seen(name, known), endsAtMs: known.order.endsAtMs, deadlineAtMs: known.order.deadlineAtMs };
    const behaviour = this.behaves(asked);
    const times = (this.#refused.get(name) ?? 0) + 1;
    if (times <= behaviour.refusals) {
      this.#refused.set(name, times);
      throw new TrainyardError('NoCapacity', 'There is none now.');
    }
    const { waitsMs = 0 } = behaviour;
    this.atMs += waitsMs;
    const order = { ...asked, endsAtMs: asked.endsAtMs + waitsMs, deadlineAtMs: asked.deadlineAtMs + waitsMs };
    // The stack is made by our clock, and says how long it may run.
    const mayRunMs = Math.max(0, order.endsAtMs - (this.#ourNow() + waitsMs));
    const startedAtMs = this.atMs + behaviour.startsAfterMs;
    const ownEndMs = startedAtMs + mayRunMs;
    const endsByItselfAtMs =
      behaviour.lostAfterMs === null ? ownEndMs : Math.min(ownEndMs, startedAtMs + behaviour.lostAfterMs);
    const machine = { order, startedAtMs, endsByItselfAtMs, removedAtMs: null, behaviour };
    this.billed.set(name, machine);
    this.atMs = startedAtMs;
    if (this.diesAfterNext) throw new WorkerKilled();
    return { ...this.#seen(name, machine), endsAtMs: order.endsAtMs, deadlineAtMs: order.deadlineAtMs };
  }

  override async lookAtMachine(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const machine = this.billed.get(name);
    if (!machine) return { name, state: 'absent', startedAtMs: null, endedAtMs: null, endedBecause: null };
    return this.#seen(name, machine);
  }

  /** Returns when it is gone: until then its time goes on, and so does the bill. */
  override async removeMachine(ref: AttemptRef): Promise<MachineSeen> {
    const machine = this.billed.get(machineNameOf(ref));
    if (machine) {
      machine.removedAtMs ??= this.atMs;
      this.atMs = Math.max(this.atMs, this.#goneAtMs(machine));
    }
    return this.lookAtMachine(ref);
  }

  /** What all machines of a holder cost in the end, if nobody does anything any more. */
  bill({ kind, id }: { kind: string; id: string }): Micros {
    const { pricePerHourMicros, spotPricePerHourMicros = null, billedAtLeastSeconds = 0 } = this.#type;
    return [...this.billed.values()]
      .filter(({ order }) => order.kind === kind && order.id === id)
      .map((machine) => ({
        pricePerHourMicros: machine.order.spot ? (spotPricePerHourMicros ?? 0) : pricePerHourMicros,
        fromMs: machine.startedAtMs,
        toMs: this.#goneAtMs(machine),
        leastSeconds: billedAtLeastSeconds,
      }))
      .reduce((sum, interval) => sum + intervalCost(interval, 0), 0);
  }

  #goneAtMs({ endsByItselfAtMs, removedAtMs, behaviour }: Billed): number {
    return Math.min(endsByItselfAtMs, removedAtMs ?? Number.POSITIVE_INFINITY) + behaviour.goesAfterMs;
  }

  #seen(name: string, machine: Billed): MachineSeen {
    const goneAtMs = this.#goneAtMs(machine);
    const { startedAtMs } = machine;
    if (this.atMs < goneAtMs) return { name, state: 'running', startedAtMs, endedAtMs: null, endedBecause: null };
    return { name, state: 'ended', startedAtMs, endedAtMs: goneAtMs, endedBecause: 'preempted' };
  }
}
