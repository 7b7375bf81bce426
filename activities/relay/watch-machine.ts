import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, TrainyardError } from '../../domain/failures.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Cloud, MachineSeen } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LeftOff, MachineWatch } from './machine-watch.ts';
import type { Relay } from './relay.ts';

const tickMs = 500;
const lookEveryMs = 2000;

/** Looks after the machine while the relay reads: returns when nothing more is to be expected, and why. */
export async function watchMachine(
  { stores }: Dependencies,
  cloud: Cloud,
  ref: AttemptRef,
  silenceSeconds: number,
  relay: Relay,
  signal: AbortSignal,
): Promise<LeftOff | undefined> {
  const watch = new MachineWatch({ nowMs: Date.now(), heardAtMs: relay.heardAtMs, silenceSeconds });
  let lookedMs = 0;
  while (!signal.aborted) {
    await sleep(tickMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const leftOff = watch.tick(Date.now(), relay.heardAtMs);
    if (leftOff) return leftOff;
    if (Date.now() - lookedMs < lookEveryMs) continue;
    lookedMs = Date.now();
    const seen = await look(cloud, ref);
    const attempt = await stores.attempts.get(ref);
    watch.look(Date.now(), seen, attempt?.deadline_at_ms);
  }
  return undefined;
}

/** Undefined when the cloud gives no answer now: then nothing is known, and the machine may well be at work. */
async function look(cloud: Cloud, ref: AttemptRef): Promise<MachineSeen | undefined> {
  try {
    return await cloud.lookAtMachine(ref);
  } catch (error) {
    if (error instanceof TrainyardError && familyOf(error.type) === 'platform') return undefined;
    throw error;
  }
}
