import { setTimeout as wait } from 'node:timers/promises';
import { Duration, type Message, PubSub, type Subscription } from '@google-cloud/pubsub';
import type { GoogleAuth } from 'google-auth-library';
import type { TrainerEvent } from '../../domain/event.ts';
import { type AttemptRef, bucketNameOf } from '../../domain/ids.ts';
import type { EventBatch } from '../cloud.ts';
import { readRecord } from '../spool-record.ts';
import type { BucketSpool } from './bucket-spool.ts';
import { failureOf } from './errors.ts';

export interface PubsubOptions {
  auth: GoogleAuth;
  project: string;
  /** host:port of what stands in for Google's; '' is Google's own. */
  pubsubEndpoint: string;
  spoolOf: (ref: AttemptRef) => BucketSpool;
  /** Whether the machine is known to be gone: its last words are in the bucket then. */
  isGone: (ref: AttemptRef) => boolean;
}

/** At most this much is with us and not yet safe; Google keeps the rest. */
const outstanding = { messages: 2000, bytes: 32 * 1024 * 1024 };
const reconnectMs = 1000;
/** Of a failure that does not pass, its reader is told. */
const patienceMs = 60_000;

interface Held {
  attempt: number;
  last: number;
  message: Message;
}

/** What is delivered and not yet acknowledged, of one subscription; and up to where all is safe. */
interface Reception {
  held: Set<Held>;
  safe: Map<number, number>;
}

/** Events over Pub/Sub. Acknowledged up to the watermark and not further, so what a relay dies with comes again. */
export class PubsubSignals {
  readonly #options: PubsubOptions;
  readonly #receptions = new Map<string, Reception>();
  #client: PubSub | undefined;

  constructor(options: PubsubOptions) {
    this.#options = options;
  }

  async *read(ref: AttemptRef, afterSeq: number, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const name = bucketNameOf(ref);
    const reception = this.#receptionOf(name);
    const arrived: EventBatch[] = [];
    const arrival = new Arrival();
    const seen = new Seen(afterSeq);
    let failure: { error: unknown; sinceMs: number } | undefined;
    const spool = this.#options.spoolOf(ref);
    const others: Message[] = [];

    const hear = (message: Message) => {
      failure = undefined;
      const attempt = Number(message.attributes['attempt']);
      // Of an earlier machine nobody reads any more: its spool is in the bucket.
      if (attempt < ref.attempt) return message.ack();
      if (attempt > ref.attempt) {
        // Another relay's. Refused at once it would come back at once, again and again, until it is given up for dead.
        others.push(message);
        return;
      }
      const batch = batchIn(message.data);
      // What comes a second time is not counted a second time.
      const unreadable = batch.unreadable > 0 && seen.isNewMessage(message.id) ? batch.unreadable : 0;
      const last = batch.events.at(-1)?.seq ?? Number(message.attributes['last'] ?? 0);
      if (last <= Math.max(afterSeq, reception.safe.get(attempt) ?? 0)) message.ack();
      else reception.held.add({ attempt, last, message });
      const events = batch.events.filter(({ seq }) => seq > afterSeq);
      seen.note(events);
      if (events.length > 0 || unreadable > 0) arrived.push({ events, unreadable });
      arrival.ring();
    };
    const fail = (error: unknown) => {
      failure ??= { error, sinceMs: Date.now() };
      arrival.ring();
    };

    let subscription: Subscription | undefined;
    signal.addEventListener('abort', () => arrival.ring(), { once: true });
    try {
      while (!signal.aborted) {
        if (failure && Date.now() - failure.sinceMs > patienceMs && !isAbsent(failure.error)) {
          throw failureOf(failure.error, this.#options.project);
        }
        if (failure && subscription) {
          await leave(subscription);
          subscription = undefined;
          await wait(reconnectMs, undefined, { signal }).catch(() => {});
          continue;
        }
        subscription ??= this.#listen(name, hear, fail);
        for (let batch = arrived.shift(); batch; batch = arrived.shift()) yield batch;
        const filled = await spool.fill(seen, { gone: this.#options.isGone(ref), quietMs: arrival.quietMs() });
        if (filled) {
          seen.note(filled.events);
          yield filled;
          continue;
        }
        if (arrived.length === 0 && !signal.aborted) await arrival.next();
      }
    } finally {
      for (const message of others) message.nack();
      for (const held of reception.held) {
        // Whoever reads next has it delivered again at once.
        if (held.attempt === ref.attempt) {
          held.message.nack();
          reception.held.delete(held);
        }
      }
      if (subscription) await leave(subscription);
    }
  }

  ack(ref: AttemptRef, seq: number): void {
    const reception = this.#receptionOf(bucketNameOf(ref));
    const safe = Math.max(seq, reception.safe.get(ref.attempt) ?? 0);
    reception.safe.set(ref.attempt, safe);
    for (const held of reception.held) {
      if (held.attempt !== ref.attempt || held.last > safe) continue;
      held.message.ack();
      reception.held.delete(held);
    }
  }

  forget(name: string): void {
    this.#receptions.delete(name);
  }

  #listen(name: string, hear: (message: Message) => void, fail: (error: unknown) => void): Subscription {
    const subscription = this.#pubsub().subscription(name, {
      flowControl: { maxMessages: outstanding.messages, maxBytes: outstanding.bytes, allowExcessMessages: false },
      // A relay that hangs must not keep them from the one that takes over.
      maxExtensionTime: Duration.from({ minutes: 10 }),
      streamingOptions: { maxStreams: 1 },
      // What keeps order may be held back until what came before is acknowledged: a tenth of a second each would add up.
      batching: { maxMilliseconds: 10 },
    });
    subscription.on('message', hear);
    subscription.on('error', fail);
    return subscription;
  }

  #pubsub(): PubSub {
    const { auth, project, pubsubEndpoint } = this.#options;
    this.#client ??= new PubSub({
      projectId: project,
      ...(pubsubEndpoint ? { apiEndpoint: pubsubEndpoint, emulatorMode: true } : { auth }),
    });
    return this.#client;
  }

  #receptionOf(name: string): Reception {
    let reception = this.#receptions.get(name);
    if (!reception) {
      reception = { held: new Set(), safe: new Map() };
      this.#receptions.set(name, reception);
    }
    return reception;
  }
}

async function leave(subscription: Subscription): Promise<void> {
  subscription.removeAllListeners('message');
  await subscription.close().catch(() => {});
}

/** gRPC’s number for it: the signals are not there yet, or not any more. */
function isAbsent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 5;
}

/** One or several records of the spool, the very bytes. */
function batchIn(data: Buffer): EventBatch {
  const events: TrainerEvent[] = [];
  let unreadable = 0;
  for (let at = 0; at < data.length; ) {
    const newline = data.indexOf(10, at);
    const end = newline === -1 ? data.length : newline;
    const event = readRecord(data.subarray(at, end));
    if (event) events.push(event);
    else unreadable++;
    at = end + 1;
  }
  return { events, unreadable };
}

/** A relay goes on for days. What comes again does so within minutes, so the latest do. */
const messagesKept = 10_000;

/** What came so far: the highest number, and what is missing below it. */
export class Seen {
  readonly #messages = new Set<string>();
  /** Above `contiguous`, what is there. */
  readonly #above = new Set<number>();
  contiguous: number;

  constructor(afterSeq: number) {
    this.contiguous = afterSeq;
  }

  isNewMessage(id: string): boolean {
    if (this.#messages.has(id)) return false;
    this.#messages.add(id);
    if (this.#messages.size > messagesKept) {
      for (const oldest of this.#messages) {
        this.#messages.delete(oldest);
        break;
      }
    }
    return true;
  }

  note(events: readonly TrainerEvent[]): void {
    for (const { seq } of events) if (seq > this.contiguous) this.#above.add(seq);
    while (this.#above.delete(this.contiguous + 1)) this.contiguous++;
  }

  has(seq: number): boolean {
    return seq <= this.contiguous || this.#above.has(seq);
  }

  get hasGap(): boolean {
    return this.#above.size > 0;
  }
}

/** Wakes a reader; it wakes by itself now and then, to look into the bucket. */
class Arrival {
  #ring: (() => void) | undefined;
  #rung = false;
  #lastMs = Date.now();

  ring(): void {
    this.#lastMs = Date.now();
    this.#rung = true;
    this.#ring?.();
  }

  quietMs(): number {
    return Date.now() - this.#lastMs;
  }

  async next(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookEveryMs);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#ring = undefined;
    this.#rung = false;
  }
}

const lookEveryMs = 400;
