import type { TrainerEvent } from '../../domain/event.ts';

/** A longer gap gets one substitute for all of it. */
const longestGapOneByOne = 100;

interface Held {
  event: TrainerEvent;
  bytes: number;
}

/** Puts events back in order: gives out 1, 2, 3 … once each, and holds back what lies beyond a gap. */
export class Contiguous {
  #seq: number;
  #heldBytes = 0;
  readonly #held = new Map<number, Held>();

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

  holds(events: number, bytes: number): boolean {
    return this.#held.size >= events || this.#heldBytes >= bytes;
  }

  /** Lets go of what waits behind a gap: it was not given out, so it is read again. */
  forget(): void {
    this.#held.clear();
    this.#heldBytes = 0;
  }

  /**
   * Gives up on what is missing before the first that is held back: `substitute` stands for each of them, or in a long
   * gap one for all that `count` says.
   */
  closeGap(substitute: (seq: number, beforeIt: TrainerEvent, count: number) => TrainerEvent): TrainerEvent[] {
    let next: TrainerEvent | undefined;
    for (const { event } of this.#held.values()) if (!next || event.seq < next.seq) next = event;
    if (!next) return [];
    const beforeIt = next;
    const count = beforeIt.seq - this.#seq - 1;
    if (count <= longestGapOneByOne) {
      return this.add(Array.from({ length: count }, (_, index) => substitute(this.#seq + 1 + index, beforeIt, 1)));
    }
    const forAll = substitute(this.#seq + 1, beforeIt, count);
    this.#seq = beforeIt.seq - 1;
    return [forAll, ...this.#release()];
  }

  add(events: readonly TrainerEvent[]): TrainerEvent[] {
    const ready: TrainerEvent[] = [];
    for (const event of events) {
      if (event.seq === this.#seq + 1) {
        this.#seq = event.seq;
        ready.push(event);
        for (const released of this.#release()) ready.push(released);
      } else if (event.seq > this.#seq && !this.#held.has(event.seq)) {
        // Only what must wait is measured: nearly always nothing is.
        const bytes = Buffer.byteLength(JSON.stringify(event));
        this.#held.set(event.seq, { event, bytes });
        this.#heldBytes += bytes;
      }
    }
    return ready;
  }

  #release(): TrainerEvent[] {
    const ready: TrainerEvent[] = [];
    for (let next = this.#held.get(this.#seq + 1); next; next = this.#held.get(this.#seq + 1)) {
      this.#seq = next.event.seq;
      this.#held.delete(this.#seq);
      this.#heldBytes -= next.bytes;
      ready.push(next.event);
    }
    return ready;
  }
}
