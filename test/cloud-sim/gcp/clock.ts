import type { Records } from './records.ts';

interface Setting {
  /** What it was here, and what it really was, when it was set. */
  hereMs: number;
  reallyMs: number;
  speed: number;
}

/** The time of the simulated cloud, which can be made to run faster: an hour away is then seconds. */
export class Clock {
  readonly #records;

  constructor(records: Records) {
    this.#records = records.kind<Setting[]>('clock');
  }

  now(): number {
    return this.at(Date.now());
  }

  /** What it was here at a moment that others, who know nothing of this clock, have written down. */
  at(reallyMs: number): number {
    const settings = this.#records.get('') ?? [];
    const setting = settings.findLast((one) => one.reallyMs <= reallyMs) ?? settings[0];
    if (!setting) return reallyMs;
    return Math.round(setting.hereMs + (reallyMs - setting.reallyMs) * setting.speed);
  }

  /** As the API writes times. */
  stamp(ms = this.now()): string {
    return new Date(ms).toISOString().replace('Z', '+00:00');
  }

  set({ speed, jumpMs = 0 }: { speed?: number; jumpMs?: number }): void {
    const before = this.#records.get('') ?? [{ hereMs: Date.now(), reallyMs: Date.now(), speed: 1 }];
    const reallyMs = Date.now();
    const next = { hereMs: this.at(reallyMs) + jumpMs, reallyMs, speed: speed ?? before.at(-1)?.speed ?? 1 };
    this.#records.put('', [...before, next]);
  }
}
