import { setTimeout as wait } from 'node:timers/promises';
import type { TrainerEvent } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import type { Cloud } from '../../infra/cloud.ts';

/** Waits for a condition, not for luck; says which one never came. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`It never came that ${what}.`);
    await wait(20);
  }
}

/** All events after `afterSeq` until there are enough, as one relay would read them. */
export async function readUntil(
  cloud: Pick<Cloud, 'readSignals'>,
  ref: AttemptRef,
  afterSeq: number,
  enough: (events: TrainerEvent[]) => boolean,
): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  const giveUp = AbortSignal.timeout(10_000);
  for await (const batch of cloud.readSignals(ref, afterSeq, giveUp)) {
    events.push(...batch.events);
    if (enough(events)) return events;
  }
  throw new Error(`Only ${events.length} events came.`);
}
