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

const renewEveryMs = 15_000;
/** Without a renewal for this long, the holder stops its own Terraform … */
export const giveUpAfterMs = 60_000;
/** … so that after this long another host may take it for dead. */
export const deadAfterMs = 240_000;
const askEveryMs = 300;
/** Clocks of two machines. */
const skewMs = 60_000;

/** Whether nobody is at work under this lease any more: provably, not because it took long. */
export function isOver(
  lease: Lease,
  { host, nowMs, began }: { host: string; nowMs: number; began: (pid: number) => string | undefined },
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

/** The one at work on a stack of a job, over all workers of all hosts. */
export class StackLease {
  readonly #bucket: Bucket;
  readonly #stack: string;
  readonly #host: string;
  #mine: Lease | undefined;
  #previous: Lease | undefined;
  #renewing: NodeJS.Timeout | undefined;

  constructor(bucket: Bucket, stack: string, host: string) {
    this.#bucket = bucket;
    this.#stack = stack;
    this.#host = `${host}/${hostname()}`;
  }

  /** Waits for whoever is at work. `lost` is called when nobody could be told any more that this one is alive. */
  async take(withinMs: number, lost: () => void): Promise<void> {
    const until = Date.now() + withinMs;
    for (;;) {
      const { lease, generation } = await this.#read();
      if (!lease || isOver(lease, { host: this.#host, nowMs: Date.now(), began: processBegan })) {
        this.#previous = lease;
        this.#mine = this.#fresh();
        if (await this.#write(generation)) break;
      } else if (Date.now() > until) {
        throw new TrainyardError('StateLocked', `Another worker is still at ${this.#stack} of this job.`);
      }
      await wait(askEveryMs);
    }
    let renewedAtMs = Date.now();
    this.#renewing = setInterval(() => {
      this.#write().then(
        () => {
          renewedAtMs = Date.now();
        },
        () => {
          if (Date.now() - renewedAtMs > giveUpAfterMs) lost();
        },
      );
    }, renewEveryMs).unref();
  }

  /** Before Terraform begins: from then on its number is known to whoever comes after. */
  async runs(pid: number): Promise<void> {
    if (!this.#mine) return;
    this.#mine = { ...this.#mine, terraform: { pid, began: processBegan(pid) } };
    await this.#write();
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
    clearInterval(this.#renewing);
    if (!this.#mine) return;
    this.#mine = { ...this.#mine, released: true };
    // Should this fail, the mark of a process that is dead, or older than a few minutes, counts as much.
    await this.#write().catch(() => {});
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

  /** Only when nobody else wrote meanwhile, where a generation is given: 0 is “there is none”. */
  async #write(generation?: number): Promise<boolean> {
    const text = JSON.stringify({ ...this.#mine, renewedAtMs: Date.now() });
    try {
      await this.#file.save(text, {
        resumable: false,
        ...(generation !== undefined && { preconditionOpts: { ifGenerationMatch: generation } }),
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 412) return false;
      throw error;
    }
  }
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
