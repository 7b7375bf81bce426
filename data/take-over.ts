/** Calls of which only the newest of a kind is wanted: a preview while somebody types. */
export class TakeOver {
  readonly #underWay = new Map<string, AbortController>();

  async call<T>(
    key: string | undefined,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return work(signal);
    this.#underWay.get(key)?.abort(new DOMException('A newer call took its place.', 'AbortError'));
    const mine = new AbortController();
    this.#underWay.set(key, mine);
    try {
      return await work(signal ? AbortSignal.any([signal, mine.signal]) : mine.signal);
    } finally {
      if (this.#underWay.get(key) === mine) this.#underWay.delete(key);
    }
  }
}
