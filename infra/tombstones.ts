import { TrainyardError } from '../domain/failures.ts';
import type { MachineSeen, Thing } from './cloud.ts';
import type { Store } from './store.ts';

/** Left where a thing was removed, or was to be removed: a create that comes later is refused. */
export interface Tombstone {
  removedAtMs: number;
  /** When the machine lived, since the bill follows that and the cloud forgets. */
  machine?: Pick<MachineSeen, 'startedAtMs' | 'endedAtMs' | 'endedBecause'>;
}

/** No create is on its way for longer: retries of a step end, or ask the ledger again, long before. */
const keptMs = 7 * 86_400_000;
const sweepEveryMs = 3_600_000;

/** The tombstones of a cloud that has no place of its own for them: in the store, which outlives every job. */
export class Tombstones {
  readonly #store: Store;
  readonly #cloud: string;
  readonly #now: () => number;
  #sweptAtMs = 0;

  constructor(store: Store, cloud: string, now: () => number = Date.now) {
    this.#store = store;
    this.#cloud = cloud;
    this.#now = now;
  }

  async read(kind: Thing['kind'], name: string): Promise<Tombstone | undefined> {
    const text = await this.#store.readText(this.#object(kind, name));
    if (text === undefined) return undefined;
    const stone: Tombstone = JSON.parse(text);
    return stone;
  }

  /** Twice is once; the times of a machine are added when they are known, and never taken back. */
  async leave(kind: Thing['kind'], name: string, machine?: Tombstone['machine']): Promise<void> {
    const known = await this.read(kind, name);
    if (known && (known.machine || !machine)) return;
    const stone: Tombstone = { removedAtMs: known?.removedAtMs ?? this.#now(), ...(machine ? { machine } : {}) };
    await this.#store.putText(this.#object(kind, name), JSON.stringify(stone));
  }

  async refuse(kind: Thing['kind'], name: string): Promise<void> {
    if (await this.read(kind, name)) {
      throw new TrainyardError('CreateRevoked', `The ${kind} ${name} was removed; it is not made again.`);
    }
  }

  async forgetOld(): Promise<void> {
    if (this.#now() - this.#sweptAtMs < sweepEveryMs) return;
    this.#sweptAtMs = this.#now();
    for (const object of await this.#store.list(`tombstones/${this.#cloud}/`)) {
      const stone: Tombstone = JSON.parse((await this.#store.readText(object)) ?? '{}');
      if (this.#now() - stone.removedAtMs > keptMs) await this.#store.remove(object);
    }
  }

  #object(kind: Thing['kind'], name: string): string {
    return `tombstones/${this.#cloud}/${kind}/${name}.json`;
  }
}
