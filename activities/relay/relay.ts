import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredLine } from '../../db/stores/log-store.ts';
import type { TerminalEvent } from '../../db/stores/relay-store.ts';
import { type EventOf, isTerminal, type TrainerEvent } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Cloud } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { journalActivities } from '../journal.ts';
import { compactLog } from './compact-log.ts';
import { Contiguous } from './contiguous.ts';

const lookAtDiskEveryMs = 5000;
const lookAgainMs = 1000;
/**
 * Acknowledging every batch of a chatty trainer would cost more than reading it, where that is a file of this host. A
 * channel that keeps order may say nothing more until what it said is acknowledged: there a pause would be for ever.
 */
const ackEveryMs = { here: 1000, elsewhere: 0 };

/** What may wait in memory behind something that is missing, and for how long that is waited for with no more room. */
export interface GapLimits {
  events: number;
  bytes: number;
  patienceMs: number;
}

const unreadableHere = 'What was said here could not be read.';
const gapLimits: GapLimits = { events: 20_000, bytes: 32 * 1024 * 1024, patienceMs: 60_000 };

/**
 * Takes in what one attempt says: into the database first, and only then is it acknowledged, so that whoever dies
 * between the two leaves it to be read again and not to be lost.
 */
export class Relay {
  readonly #dependencies: Dependencies;
  readonly #cloud: Cloud;
  readonly #ref: AttemptRef;
  readonly #epoch = randomUUID();
  readonly #reading = new AbortController();
  readonly #limits: GapLimits;
  #order = new Contiguous(0);
  #terminal: TerminalEvent | undefined;
  #ackedSeq = 0;
  #ackedAtMs = 0;
  #diskSeenAtMs = 0;
  #busy = false;
  #heardAtMs = Date.now();
  #unreadable = 0;
  /** Of these, what came with the gap that is open: it comes again when that is read again. */
  #unreadableInGap = 0;
  #hasSaidUnreadable = false;
  #full: { seq: number; sinceMs: number } | undefined;

  constructor(dependencies: Dependencies, cloud: Cloud, ref: AttemptRef, limits: GapLimits = gapLimits) {
    this.#limits = limits;
    this.#dependencies = dependencies;
    this.#cloud = cloud;
    this.#ref = ref;
  }

  /** From now on every other relay of this attempt is refused by the database. Returns the last word, if it was said. */
  async takeOver(): Promise<TerminalEvent | undefined> {
    const begun = await this.#dependencies.stores.relays.begin(this.#ref, this.#epoch);
    this.#order = new Contiguous(begun.seq);
    this.#terminal = begun.terminal ?? undefined;
    return this.#terminal;
  }

  /**
   * When it was last heard from the machine. While something is being taken in, or waits for room, that is now: nobody
   * listens in the meantime, so nobody may say that the machine is silent or that the channel is empty.
   */
  get heardAtMs(): number {
    return this.#busy ? Date.now() : this.#heardAtMs;
  }

  /** Records that could not be read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Reads until the last word, or until `stopReading`. */
  async readUntilEnd(): Promise<TerminalEvent | undefined> {
    while ((await this.#readWhileThereIsRoom()) === 'full') {
      this.#busy = true;
      try {
        await this.#waitBeforeGap();
      } finally {
        this.#heardAtMs = Date.now();
        this.#busy = false;
      }
    }
    await this.#acknowledge(true);
    return this.#terminal;
  }

  async #readWhileThereIsRoom(): Promise<'full' | 'ended'> {
    const { events, bytes } = this.#limits;
    for await (const batch of this.#cloud.readSignals(this.#ref, this.#order.seq, this.#reading.signal)) {
      this.#busy = true;
      try {
        if (!(await this.#roomToKeep())) break;
        const ready = this.#order.add(batch.events);
        if (ready.length > 0) await this.#take(ready);
        await this.#count(batch.unreadable);
      } finally {
        this.#heardAtMs = Date.now();
        this.#busy = false;
      }
      if (this.#terminal) break;
      if (this.#order.holds(events, bytes)) return 'full';
    }
    return 'ended';
  }

  /**
   * More waits behind a gap than memory may hold, so nothing more is read: it stays with the machine. From time to time
   * all places are looked through anew for what is missing; if it is in none of them for long, it cannot be read.
   */
  async #waitBeforeGap(): Promise<void> {
    const { seq } = this.#order;
    if (this.#full?.seq !== seq) this.#full = { seq, sinceMs: Date.now() };
    const waitedMs = Date.now() - this.#full.sinceMs;
    if (waitedMs >= this.#limits.patienceMs) {
      await this.#closeGap();
      return;
    }
    this.#order.forget();
    this.#unreadable -= this.#unreadableInGap;
    this.#unreadableInGap = 0;
    const { signal } = this.#reading;
    await sleep(Math.max(lookAgainMs, waitedMs), undefined, { signal }).catch(() => {});
  }

  /** Counted, and said once: whoever reads the log must know that it is not all there was. */
  async #count(unreadable: number): Promise<void> {
    this.#unreadable += unreadable;
    this.#unreadableInGap = this.#order.hasGap ? this.#unreadableInGap + unreadable : 0;
    if (unreadable === 0 || this.#hasSaidUnreadable) return;
    const records = unreadable === 1 ? '1 record' : `${unreadable} records`;
    await journalActivities(this.#dependencies).note({
      ...this.#ref,
      mark: 'warning',
      key: `unreadable-${this.#ref.attempt}`,
      text: `At least ${records} of what the machine said came damaged and cannot be read. The rest is kept.`,
    });
    this.#hasSaidUnreadable = true;
  }

  /**
   * For when the machine is gone and nothing more will come: a record that cannot be read any more must not hide what
   * was said after it, the last word above all. Each is replaced by a line that says so.
   */
  async closeGaps(): Promise<TerminalEvent | undefined> {
    while (this.#order.hasGap) await this.#closeGap();
    return this.#terminal;
  }

  async #closeGap(): Promise<void> {
    await this.#take(
      this.#order.closeGap((seq, { atMs }, count) => ({
        type: 'log',
        stream: 'machine',
        text: count === 1 ? unreadableHere : `${unreadableHere} (${count} records)`,
        seq,
        atMs,
      })),
    );
  }

  stopReading(): void {
    this.#reading.abort();
  }

  async #take(events: TrainerEvent[]): Promise<void> {
    const first = events[0] as TrainerEvent;
    const last = events.at(-1) as TrainerEvent;
    await this.#dependencies.stores.relays.commit({
      ref: this.#ref,
      epoch: this.#epoch,
      expectedSeq: first.seq - 1,
      newSeq: last.seq,
      heardAtMs: this.#dependencies.now(),
      firstHeardAtMs: first.seq === 1 ? first.atMs : null,
      ...sorted(events, this.#ref.attempt),
    });
    this.#terminal = events.find(isTerminal) ?? this.#terminal;
    await this.#acknowledge(false);
    await compactLog(this.#dependencies, this.#ref, { force: false });
  }

  async #acknowledge(now: boolean): Promise<void> {
    const { seq } = this.#order;
    const pauseMs = this.#cloud.isRemote ? ackEveryMs.elsewhere : ackEveryMs.here;
    if (seq === this.#ackedSeq || (!now && Date.now() - this.#ackedAtMs < pauseMs)) return;
    await this.#cloud.ackSignals(this.#ref, seq);
    this.#ackedSeq = seq;
    this.#ackedAtMs = Date.now();
  }

  /** Out of disk: what cannot be taken in stays with the machine, unacknowledged, until there is room. */
  async #roomToKeep(): Promise<boolean> {
    if (Date.now() - this.#diskSeenAtMs < lookAtDiskEveryMs) return true;
    const { freeBytes, relayStopsBelowBytes } = this.#dependencies;
    const { signal } = this.#reading;
    while ((await freeBytes()) < relayStopsBelowBytes) {
      if (signal.aborted) return false;
      await sleep(lookAgainMs, undefined, { signal }).catch(() => {});
    }
    this.#diskSeenAtMs = Date.now();
    return true;
  }
}

const streams = { out: 'o', err: 'e', machine: 'm' } as const;

/** Sorts events into what the database keeps of them; of beats and progress the newest is enough. */
export function sorted(events: readonly TrainerEvent[], attempt: number) {
  const logLines: StoredLine[] = [];
  const metrics: EventOf<'metric'>[] = [];
  const leaderboard: EventOf<'leaderboard'>[] = [];
  let heartbeat: EventOf<'heartbeat'> | null = null;
  let hello: EventOf<'hello'> | null = null;
  let progress: EventOf<'progress'> | null = null;
  let checkpoint: EventOf<'checkpoint'> | null = null;
  let terminal: TerminalEvent | null = null;
  for (const event of events) {
    if (event.type === 'log') logLines.push([event.atMs, streams[event.stream], attempt, event.text]);
    else if (event.type === 'metric') metrics.push(event);
    else if (event.type === 'leaderboard') leaderboard.push(event);
    else if (event.type === 'heartbeat') heartbeat = event;
    else if (event.type === 'hello') hello = event;
    else if (event.type === 'progress') progress = event;
    else if (event.type === 'checkpoint') checkpoint = event;
    else if (isTerminal(event)) terminal = event;
  }
  return { logLines, metrics, leaderboard, heartbeat, hello, progress, checkpoint, terminal };
}
