import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../../domain/failures.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Cloud, MachineSeen } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { Listening } from './listening.ts';
import type { Relay } from './relay.ts';

const tickMs = 1000;
const lookEveryMs = 2000;
/** How long a machine that is gone may still have something in the channel for us. */
const drainMs = 1500;
/** The runner stops the trainer at the deadline and kills it a minute later; past that it does not answer any more. */
const overrunMs = 180_000;

export type LeftOff = { kind: 'lost'; failure: Failure } | { kind: 'overran' };

/**
 * Looks after the machine while the relay reads: returns when nothing more is to be expected, and why. "Gone" is what
 * the cloud answers; silence counts only while somebody listened.
 */
export async function watchMachine(
  { stores }: Dependencies,
  cloud: Cloud,
  ref: AttemptRef,
  silenceSeconds: number,
  relay: Relay,
  signal: AbortSignal,
): Promise<LeftOff | undefined> {
  const listening = new Listening(Date.now());
  let heardMs = relay.lastBatchMs;
  let lookedMs = 0;
  while (!signal.aborted) {
    await sleep(tickMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const nowMs = Date.now();
    if (relay.lastBatchMs !== heardMs) {
      heardMs = relay.lastBatchMs;
      listening.heard(nowMs);
    }
    if (listening.tick(nowMs) >= silenceSeconds * 1000) return lost(silent(silenceSeconds));
    if (nowMs - lookedMs < lookEveryMs) continue;
    lookedMs = nowMs;
    const seen = await cloud.lookAtMachine(ref);
    if ((seen.state === 'ended' || seen.state === 'absent') && nowMs - relay.lastBatchMs >= drainMs) {
      return lost(failureOf(seen));
    }
    const attempt = await stores.attempts.get(ref);
    if (attempt && nowMs > attempt.deadline_at_ms + overrunMs) return { kind: 'overran' };
  }
  return undefined;
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
  if (endedBecause === 'expired') return { type: 'MachineExpired', message: 'The machine reached its own end.' };
  const how = state === 'absent' ? 'is not there any more' : 'ended without saying why';
  return { type: 'MachineLost', message: `The machine ${how}.` };
}
