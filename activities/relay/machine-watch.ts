import type { Failure } from '../../domain/failures.ts';
import type { MachineSeen } from '../../infra/cloud.ts';
import { Listening } from './listening.ts';

/** How long a machine that is gone may still have something in the channel for us. */
const drainMs = 1500;
/** A pause of ours longer than this is not all listening: what came in it may not have been read yet. */
const longestDrainTickMs = 600;
/** The runner stops the trainer at the deadline and kills it a minute later; past that it does not answer any more. */
const overrunMs = 180_000;

export type LeftOff = { kind: 'lost'; failure: Failure } | { kind: 'overran' };

interface Beginning {
  nowMs: number;
  heardAtMs: number;
  silenceSeconds: number;
  /** How long it may take until it is heard for the first time; absent of one that has been. */
  firstWordSeconds?: number;
}

/**
 * Decides when nothing more is to be expected of a machine. "Gone" is what the cloud answers; silence, quiet and
 * overtime count only while somebody listened: a laptop that slept is no reason to give a machine up.
 */
export class MachineWatch {
  readonly #silenceSeconds: number;
  /** Until it has been heard, it may be setting itself up. */
  #patienceSeconds: number;
  readonly #silence: Listening;
  readonly #quiet: Listening;
  readonly #overtime: Listening;
  #heardAtMs: number;
  #gone: MachineSeen | undefined;
  #overtimeFromMs = Number.POSITIVE_INFINITY;

  constructor({ nowMs, heardAtMs, silenceSeconds, firstWordSeconds = 0 }: Beginning) {
    this.#silenceSeconds = silenceSeconds;
    this.#patienceSeconds = Math.max(silenceSeconds, firstWordSeconds);
    this.#silence = new Listening(nowMs);
    this.#quiet = new Listening(nowMs, longestDrainTickMs);
    this.#overtime = new Listening(nowMs);
    this.#heardAtMs = heardAtMs;
  }

  /** What the cloud answered, undefined when it did not; and until when the trainer may train. */
  look(nowMs: number, seen: MachineSeen | undefined, deadlineAtMs: number | undefined): void {
    if (deadlineAtMs !== undefined) this.#overtimeFromMs = deadlineAtMs;
    if (!seen) return;
    const isGone = seen.state === 'ended' || seen.state === 'absent';
    // Counted from when it was seen: whoever has just begun, or woken up, has not read its last words yet.
    if (isGone && !this.#gone) this.#quiet.heard(nowMs);
    this.#gone = isGone ? seen : undefined;
  }

  /** Every half second or so, with the time at which the relay last heard something. */
  tick(nowMs: number, heardAtMs: number): LeftOff | undefined {
    if (heardAtMs !== this.#heardAtMs) {
      this.#heardAtMs = heardAtMs;
      this.#patienceSeconds = this.#silenceSeconds;
      this.#silence.heard(nowMs);
      this.#quiet.heard(nowMs);
    }
    const isQuiet = this.#quiet.tick(nowMs) >= drainMs;
    const silentMs = this.#silence.tick(nowMs);
    if (nowMs <= this.#overtimeFromMs) this.#overtime.heard(nowMs);
    const overtimeMs = this.#overtime.tick(nowMs);
    if (this.#gone) return isQuiet ? lost(failureOf(this.#gone)) : undefined;
    if (silentMs >= this.#patienceSeconds * 1000) return lost(silent(this.#patienceSeconds));
    return overtimeMs >= overrunMs && isQuiet ? { kind: 'overran' } : undefined;
  }
}

function lost(failure: Failure): LeftOff {
  return { kind: 'lost', failure };
}

function silent(seconds: number): Failure {
  return { type: 'MachineSilent', message: `The machine said nothing for ${seconds} seconds.` };
}

function failureOf({ state, endedBecause }: MachineSeen): Failure {
  if (endedBecause === 'out_of_memory') {
    return {
      type: 'OutOfMemory',
      message: 'The machine ran out of memory. Use a larger one, less data, or fewer models.',
    };
  }
  if (endedBecause === 'preempted') {
    return { type: 'MachinePreempted', message: 'Its cloud took the spot machine back.' };
  }
  if (endedBecause === 'expired') return { type: 'MachineExpired', message: 'The machine reached its own end.' };
  const how = state === 'absent' ? 'is not there any more' : 'ended without saying why';
  return { type: 'MachineLost', message: `The machine ${how}.` };
}
