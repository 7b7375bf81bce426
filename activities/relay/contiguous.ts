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

  /** Gives up on what is missing before the first that is held back: `substitute` stands for each of them. */
  closeGap(substitute: (seq: number, beforeIt: TrainerEvent) => TrainerEvent): TrainerEvent[] {
    const next = [...this.#held.keys()].toSorted((a, b) => a - b)[0];
    const held = next === undefined ? undefined : this.#held.get(next);
    if (next === undefined || !held) return [];
    const missing = Array.from({ length: next - this.#seq - 1 }, (_, index) => this.#seq + 1 + index);
    return this.add(missing.map((seq) => substitute(seq, held)));
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
