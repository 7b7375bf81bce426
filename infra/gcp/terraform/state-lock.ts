import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bucket, File } from '@google-cloud/storage';
import { TrainyardError } from '../../../domain/failures.ts';
import { processBegan } from '../../process-began.ts';
import { statePrefix } from './synth.ts';

/** A process, by more than its number: numbers are given out again. */
export interface ProcessMark {
  pid: number;
  began: string | undefined;
}

/** Who works on a stack, or did last: it stays when the work is done, so that a lock left behind can be told ours. */
export interface Lease {
  id: string;
  /** The data folder and the machine: process numbers mean something only there. */
  host: string;
  machine: string;
  worker: ProcessMark;
  terraform: ProcessMark | null;
  takenAtMs: number;
  renewedAtMs: number;
  released: boolean;
}

/** What Terraform's own lock says of whoever took it. */
export interface TerraformLock {
  ID: string;
  Who: string;
  Created: string;
}

/** What a holder goes by, in this order; each counts from the last word of it that came through. */
export interface LeaseTimes {
  renewEveryMs: number;
  /** It asks its own Terraform to come to an end … */
  giveUpAfterMs: number;
  /** … kills what is still there … */
  killAfterMs: number;
  /** … so that from here on another host may take it for dead. */
  deadAfterMs: number;
}

export const leaseTimes: LeaseTimes = {
  renewEveryMs: 15_000,
  giveUpAfterMs: 60_000,
  killAfterMs: 225_000,
  deadAfterMs: 240_000,
};
/** How often the clock is looked at: one that stood still, as a laptop's does, goes on in the middle of anything. */
const watchEveryMs = 1000;
const askEveryMs = 300;
/** Clocks of two machines. */
const skewMs = 60_000;

/** Whether nobody is at work under this lease any more: provably, not because it took long. */
export function isOver(
  lease: Lease,
  {
    host,
    nowMs,
    began,
    deadAfterMs = leaseTimes.deadAfterMs,
  }: { host: string; nowMs: number; began: (pid: number) => string | undefined; deadAfterMs?: number },
): boolean {
  if (lease.released) return true;
  if (lease.host !== host) return nowMs - lease.renewedAtMs > deadAfterMs;
  const lives = (mark: ProcessMark | null) => mark?.began !== undefined && began(mark.pid) === mark.began;
  return !lives(lease.terraform) && (!lives(lease.worker) || nowMs - lease.renewedAtMs > deadAfterMs);
}

/** Whether Terraform's lock was taken under that lease, which is over. */
export function isLeftBy(lease: Lease | undefined, lock: TerraformLock): boolean {
  if (!lease) return false;
  const createdAtMs = Date.parse(lock.Created);
  return lock.Who.endsWith(`@${lease.machine}`) && createdAtMs >= lease.takenAtMs - skewMs;
}

/**
 * The one at work on a stack of a job, over all workers of all hosts. Each write names the generation that its own last
 * one left, so whoever was taken for dead and is not finds that out, and never writes over its successor.
 */
export class StackLease {
  readonly #bucket: Bucket;
  readonly #stack: string;
  readonly #host: string;
  readonly #times: LeaseTimes;
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  #mine: Lease | undefined;
  #generation = 0;
  #previous: Lease | undefined;
  #watching: NodeJS.Timeout | undefined;
  /** Since when a renewal is tried in vain; by a clock that stands still with us. */
  #tryingSince: number | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(bucket: Bucket, stack: string, host: string, times: LeaseTimes = leaseTimes) {
    this.#bucket = bucket;
    this.#stack = stack;
    this.#host = `${host}/${hostname()}`;
    this.#times = times;
  }

  /** Nobody could be told any more that this one is alive, or another is at work by now: with the failure to answer. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What still runs must be dead now: another may begin, or has begun. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Waits for whoever is at work. */
  async take(withinMs: number, unwanted?: AbortSignal): Promise<void> {
    const until = Date.now() + withinMs;
    const { deadAfterMs } = this.#times;
    for (;;) {
      unwanted?.throwIfAborted();
      const { lease, generation } = await this.#read();
      if (!lease || isOver(lease, { host: this.#host, nowMs: Date.now(), began: processBegan, deadAfterMs })) {
        const mine = this.#fresh();
        const written = await this.#put(mine, generation);
        if (written !== undefined) {
          this.#previous = lease;
          this.#mine = mine;
          this.#generation = written;
          break;
        }
      } else if (Date.now() > until) {
        throw new TrainyardError('StateLocked', `Another worker is still at ${this.#stack} of this job.`);
      }
      await wait(askEveryMs);
    }
    this.#watching = setInterval(() => this.#watch(), Math.min(watchEveryMs, this.#times.renewEveryMs)).unref();
  }

  #watch(): void {
    if (!this.#mine) return;
    const { renewEveryMs, giveUpAfterMs, killAfterMs } = this.#times;
    const silentMs = Date.now() - this.#mine.renewedAtMs;
    const triedMs = this.#tryingSince === undefined ? 0 : performance.now() - this.#tryingSince;
    // Who slept tries first: when nobody took its place meanwhile, nothing is lost.
    if (silentMs > giveUpAfterMs && triedMs > (silentMs > killAfterMs ? renewEveryMs / 3 : giveUpAfterMs / 2)) {
      this.#lost.abort(unheard());
      if (silentMs > killAfterMs) this.#over.abort();
    }
    if (silentMs <= renewEveryMs || this.#tryingSince !== undefined) return;
    this.#tryingSince = performance.now();
    void this.#renewing();
  }

  async #renewing(): Promise<void> {
    while (this.#tryingSince !== undefined && this.#watching && !this.#over.signal.aborted) {
      try {
        await this.#write({});
        this.#tryingSince = undefined;
      } catch {
        await wait(askEveryMs, undefined, { ref: false });
      }
    }
  }

  /** Before Terraform begins: from then on its number is known to whoever comes after. */
  async runs(pid: number): Promise<void> {
    await this.#write({ terraform: { pid, began: processBegan(pid) } });
  }

  /** Takes away the lock of a Terraform that is dead, when it is surely one that we started. */
  async unlock(): Promise<void> {
    const file = this.#bucket.file(`${statePrefix(this.#stack)}/default.tflock`);
    const found = await readJson(file);
    if (!found) return;
    const lock = found.content as TerraformLock;
    if (!isLeftBy(this.#previous, lock)) {
      throw new TrainyardError(
        'StateLocked',
        `Terraform’s state is locked by ${lock.Who}, since ${lock.Created}; that is none of ours.`,
        `If nobody is at work: gcloud storage rm gs://${this.#bucket.name}/${file.name}`,
      );
    }
    await file.delete({ ignoreNotFound: true, ifGenerationMatch: found.generation });
  }

  async release(): Promise<void> {
    clearInterval(this.#watching);
    this.#watching = undefined;
    // Should this fail, the mark of a process that is dead, or older than a few minutes, counts as much.
    await this.#write({ released: true }).catch(() => {});
  }

  #fresh(): Lease {
    const nowMs = Date.now();
    return {
      id: randomUUID(),
      host: this.#host,
      machine: hostname(),
      worker: { pid: process.pid, began: processBegan(process.pid) },
      terraform: null,
      takenAtMs: nowMs,
      renewedAtMs: nowMs,
      released: false,
    };
  }

  get #file(): File {
    return this.#bucket.file(`${statePrefix(this.#stack)}/lease.json`);
  }

  async #read(): Promise<{ lease: Lease | undefined; generation: number }> {
    const found = await readJson(this.#file);
    return { lease: found?.content as Lease | undefined, generation: found?.generation ?? 0 };
  }

  /** One after the other, since each needs to know what the one before it left. */
  #write(change: Partial<Lease>): Promise<void> {
    const written = this.#writing.then(() => this.#writeOver(change));
    this.#writing = written.catch(() => {});
    return written;
  }

  async #writeOver(change: Partial<Lease>): Promise<void> {
    if (!this.#mine) return;
    this.#over.signal.throwIfAborted();
    const mine = { ...this.#mine, ...change, renewedAtMs: Date.now() };
    const generation = await this.#put(mine, this.#generation);
    if (generation === undefined) {
      const superseded = takenOver(this.#stack);
      this.#lost.abort(superseded);
      this.#over.abort(superseded);
      throw superseded;
    }
    this.#mine = mine;
    this.#generation = generation;
  }

  /** The new generation; undefined when somebody else wrote since `generation`, of which 0 is “there is none”. */
  async #put(lease: Lease, generation: number): Promise<number | undefined> {
    for (let over = generation; ; ) {
      const file = this.#file;
      try {
        await file.save(JSON.stringify(lease), { resumable: false, preconditionOpts: { ifGenerationMatch: over } });
        return Number(file.metadata.generation);
      } catch (error) {
        if (codeOf(error) !== 412) throw error;
      }
      // It may have been ourselves, by a write whose answer was lost.
      const found = await this.#read();
      if (found.lease?.id !== lease.id || found.generation === over) return undefined;
      over = found.generation;
    }
  }
}

function unheard(): TrainyardError {
  return new TrainyardError(
    'CloudUnavailable',
    'Cloud Storage did not take a sign of life in time, so Terraform was stopped before another worker could begin.',
    'It is tried again from what is there.',
  );
}

function takenOver(stack: string): TrainyardError {
  return new TrainyardError(
    'StateLocked',
    `Another worker took over ${stack} of this job, since nothing was heard of this one.`,
    'It is tried again from what is there.',
  );
}

async function readJson(file: File): Promise<{ content: unknown; generation: number } | undefined> {
  try {
    const [metadata] = await file.getMetadata();
    const generation = Number(metadata.generation);
    const [bytes] = await file.bucket.file(file.name, { generation }).download();
    return { content: JSON.parse(bytes.toString('utf8')), generation };
  } catch (error) {
    if (codeOf(error) === 404) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): number {
  return Number(typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);
}
