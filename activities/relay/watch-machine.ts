import { setTimeout as sleep } from 'node:timers/promises';
import { familyOf, TrainyardError } from '../../domain/failures.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Micros } from '../../domain/money.ts';
import type { Cloud, MachineSeen } from '../../infra/cloud.ts';
import type { Dependencies } from '../dependencies.ts';
import { type LeftOff, MachineWatch } from './machine-watch.ts';
import { MoneyWatch } from './money-watch.ts';
import type { Relay } from './relay.ts';

const tickMs = 500;
const lookEveryMs = 2000;
/** A cloud elsewhere counts its questions, and of a machine that beats nothing is expected: its runner says what comes. */
const lookSeldomMs = 15_000;
/** Longer than a runner waits between two beats, unless it was told to wait longer: then it is looked at as a silent one. */
const freshMs = 12_000;

/** How long until the cloud is asked again. Whoever falls silent, or does not run, is looked at closely. */
export function lookAgainAfterMs(cloud: Pick<Cloud, 'isRemote'>, seen: MachineSeen | undefined, quietMs: number) {
  return cloud.isRemote && seen?.state === 'running' && quietMs < freshMs ? lookSeldomMs : lookEveryMs;
}

/** Looks after the machine while the relay reads: returns when nothing more is to be expected, and why. */
export async function watchMachine(
  dependencies: Dependencies,
  cloud: Cloud,
  ref: AttemptRef,
  { silenceSeconds, budgetMicros }: { silenceSeconds: number; budgetMicros: Micros | null },
  relay: Relay,
  signal: AbortSignal,
): Promise<LeftOff | undefined> {
  const wasHeard = ((await dependencies.stores.relays.get(ref))?.first_heard_at_ms ?? null) !== null;
  const firstWordSeconds = wasHeard ? 0 : (cloud.setUpSeconds ?? 0);
  const watch = new MachineWatch({ nowMs: Date.now(), heardAtMs: relay.heardAtMs, silenceSeconds, firstWordSeconds });
  const money = new MoneyWatch(dependencies, ref, { budgetMicros });
  let [lookedMs, askedMs] = [0, 0];
  let seen: MachineSeen | undefined;
  while (!signal.aborted) {
    await sleep(tickMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    const leftOff = watch.tick(Date.now(), relay.heardAtMs);
    if (leftOff) return leftOff;
    if (Date.now() - lookedMs < lookEveryMs) continue;
    lookedMs = Date.now();
    const asks = lookedMs - askedMs >= lookAgainAfterMs(cloud, seen, lookedMs - relay.heardAtMs);
    if (asks) {
      seen = await look(cloud, ref);
      askedMs = lookedMs;
    }
    const attempt = await dependencies.stores.attempts.get(ref);
    watch.look(Date.now(), asks ? seen : undefined, attempt?.deadline_at_ms);
    // What is there no more costs no more, and what it still says is to be heard.
    const usedUp = seen?.state === 'running' ? await money.look() : undefined;
    if (usedUp) return usedUp;
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
