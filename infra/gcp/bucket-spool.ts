import type { TrainerEvent } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { EventBatch } from '../cloud.ts';
import { firstSeqOf, readRecord, segmentName } from '../spool-record.ts';
import type { GcpBuckets } from './buckets.ts';

/** What a reader has already. */
export interface AlreadySeen {
  contiguous: number;
  has(seq: number): boolean;
  hasGap: boolean;
}

/** A listing costs money and time: often when the machine is gone or something is missing, else only when all is still. */
const askMs = { gone: 400, gap: 3000, quiet: 20_000 };

/** The segments that the runner uploads: they fill what was lost on the way, and hold the end when the machine is gone. */
export class BucketSpool {
  readonly #buckets: GcpBuckets;
  readonly #ref: AttemptRef;
  /** Read whole, with nothing in them that was missing. */
  readonly #read = new Set<number>();
  #askedAtMs = 0;

  constructor(buckets: GcpBuckets, ref: AttemptRef) {
    this.#buckets = buckets;
    this.#ref = ref;
  }

  /** The events of one segment that are not there yet; undefined when it is no time to look, or nothing is new. */
  async fill(
    seen: AlreadySeen,
    { gone, quietMs }: { gone: boolean; quietMs: number },
  ): Promise<EventBatch | undefined> {
    const pause = gone ? askMs.gone : seen.hasGap ? askMs.gap : askMs.quiet;
    if (Date.now() - this.#askedAtMs < pause || (!gone && quietMs < Math.min(pause, askMs.gap))) return undefined;
    const folder = `attempts/${this.#ref.attempt}/spool/`;
    const segments = (await this.#buckets.list(this.#ref, folder))
      .map((name) => firstSeqOf(name.slice(folder.length)))
      .filter((first): first is number => first !== undefined);
    for (const [index, first] of segments.entries()) {
      const next = segments[index + 1] ?? Number.POSITIVE_INFINITY;
      if (this.#read.has(first) || next <= seen.contiguous + 1) continue;
      const bytes = await this.#buckets.getBytes(this.#ref, folder + segmentName(first));
      if (!bytes) continue;
      // The last one may still be replaced by a longer one, as long as there is a machine.
      if (gone || next !== Number.POSITIVE_INFINITY) this.#read.add(first);
      const batch = missingIn(bytes, seen);
      if (batch.events.length > 0) return batch;
    }
    this.#askedAtMs = Date.now();
    return undefined;
  }
}

function missingIn(bytes: Buffer, seen: AlreadySeen): EventBatch {
  const events: TrainerEvent[] = [];
  let unreadable = 0;
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const end = newline === -1 ? bytes.length : newline;
    const event = readRecord(bytes.subarray(at, end));
    if (!event) unreadable++;
    else if (!seen.has(event.seq)) events.push(event);
    at = end + 1;
  }
  return { events, unreadable: events.length > 0 ? unreadable : 0 };
}
