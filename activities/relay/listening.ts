/**
 * How long a machine has been silent while somebody listened. A laptop that slept, or a relay that was away, did not
 * listen: the clock counts at most a few seconds from one tick to the next, however long it really was.
 */
export class Listening {
  #silentMs = 0;
  #lastTickMs: number;
  readonly #longestTickMs: number;

  constructor(nowMs: number, longestTickMs = 5000) {
    this.#lastTickMs = nowMs;
    this.#longestTickMs = longestTickMs;
  }

  heard(nowMs: number): void {
    this.#silentMs = 0;
    this.#lastTickMs = nowMs;
  }

  tick(nowMs: number): number {
    this.#silentMs += Math.min(Math.max(0, nowMs - this.#lastTickMs), this.#longestTickMs);
    this.#lastTickMs = nowMs;
    return this.#silentMs;
  }
}
