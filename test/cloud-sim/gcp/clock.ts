import type { Records } from './records.ts';

interface Setting {
  /** What it was here, and what it really was, when the speed was last set. */
  hereMs: number;
  reallyMs: number;
  speed: number;
}

/** The time of the simulated cloud, which can be made to run faster: an hour away is then seconds. */
export class Clock {
  readonly #records;

  constructor(records: Records) {
    this.#records = records.kind<Setting>('clock');
  }

  now(): number {
    const { hereMs, reallyMs, speed } = this.#setting();
    return Math.round(hereMs + (Date.now() - reallyMs) * speed);
  }

  /** As the API writes times. */
  stamp(ms = this.now()): string {
    return new Date(ms).toISOString().replace('Z', '+00:00');
  }

  set({ speed, jumpMs = 0 }: { speed?: number; jumpMs?: number }): void {
    const hereMs = this.now() + jumpMs;
    this.#records.put('', { hereMs, reallyMs: Date.now(), speed: speed ?? this.#setting().speed });
  }

  #setting(): Setting {
    return this.#records.get('') ?? { hereMs: 0, reallyMs: 0, speed: 1 };
  }
}
