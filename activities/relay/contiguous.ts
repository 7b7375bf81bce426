import type { TrainerEvent } from '../../domain/event.ts';

/** Puts events back in order: gives out 1, 2, 3 … once each, and holds back what lies beyond a gap. */
export class Contiguous {
  #seq: number;
  readonly #held = new Map<number, TrainerEvent>();

  constructor(afterSeq: number) {
    this.#seq = afterSeq;
  }

  /** The last one that was given out. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether something waits behind a gap. */
  get hasGap(): boolean {
    return this.#held.size > 0;
  }

  add(events: readonly TrainerEvent[]): TrainerEvent[] {
    for (const event of events) {
      if (event.seq > this.#seq) this.#held.set(event.seq, event);
    }
    const ready: TrainerEvent[] = [];
    for (let next = this.#held.get(this.#seq + 1); next; next = this.#held.get(this.#seq + 1)) {
      this.#held.delete(next.seq);
      this.#seq = next.seq;
      ready.push(next);
    }
    return ready;
  }
}
