import { randomUUID } from 'node:crypto';
import type { Records } from './records.ts';

/** What goes wrong, each so many times and then no more. */
export type Fault =
  /** Requests are answered with an error; with `after`, the act is done all the same. `hangUp` answers nothing at all. */
  | ({ kind: 'error'; status: number; reason?: string; message?: string; after?: boolean; hangUp?: boolean } & Which)
  /** Requests are answered late; the act itself is late unless `after` is set. */
  | ({ kind: 'delay'; ms: number; after?: boolean } & Which)
  /** Operations end with an error, as `compute.instances.insert` does. */
  | { kind: 'operation'; type: string; code: string; message: string; times: number }
  | { kind: 'no-capacity'; zone?: string; machineType?: string; times: number }
  /** An instance comes to be so much after it was asked for, whoever has given up by then. */
  | { kind: 'create-late'; ms: number; machineType?: string; times: number };

interface Which {
  /** Regular expressions; without one, any. */
  method?: string;
  path?: string;
  /** What is asked for after the path: an object's name, in an upload. */
  query?: string;
  times: number;
}

type FaultOf<K extends Fault['kind']> = Extract<Fault, { kind: K }>;
type Kept = { id: string; fault: Fault };

export class Faults {
  readonly #kept;

  constructor(records: Records) {
    this.#kept = records.kind<Kept>('fault');
  }

  add(fault: Fault): void {
    const id = randomUUID();
    this.#kept.put(id, { id, fault });
  }

  clear(): void {
    for (const id of this.#kept.names()) this.#kept.remove(id);
  }

  /** The next of that kind that matches, one time less from now on. */
  take<K extends Fault['kind']>(kind: K, matches: (fault: FaultOf<K>) => boolean): FaultOf<K> | undefined {
    for (const kept of this.#kept.all()) {
      if (kept.fault.kind !== kind) continue;
      const fault = kept.fault as FaultOf<K>;
      if (fault.times <= 0 || !matches(fault)) continue;
      fault.times -= 1;
      if (fault.times <= 0) this.#kept.remove(kept.id);
      else this.#kept.put(kept.id, kept);
      return fault;
    }
    return undefined;
  }

  takeFor<K extends 'error' | 'delay'>(kind: K, method: string, path: string, query: string): FaultOf<K> | undefined {
    return this.take(kind, (given) => {
      const fault = given as unknown as Which;
      const isMethod = fault.method === undefined || new RegExp(`^(?:${fault.method})$`).test(method);
      const isQuery = fault.query === undefined || new RegExp(fault.query).test(query);
      return isMethod && isQuery && (fault.path === undefined || new RegExp(fault.path).test(path));
    });
  }
}
