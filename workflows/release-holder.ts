import type { Holder } from '../domain/ids.ts';
import { sentenceOf } from '../domain/outcomes.ts';
import { activitiesOn, decide } from './activities-on.ts';

/**
 * Frees all that a holder still has, from outside: its own workflow was terminated, or lost with its server.
 * What there is to free is read from the ledger, since nobody remembers it any more.
 */
export async function releaseHolder(holder: Holder): Promise<void> {
  const { queues, attempts } = await decide.planRelease(holder);
  const { releases } = activitiesOn(queues);
  const latest = Math.max(0, ...attempts);
  await decide.enterPhase({ ...holder, attempt: latest, phase: 'releasing', sentence: 'Freeing what it left behind.' });
  for (const attempt of attempts) {
    await releases.removeMachine({ ...holder, attempt });
    await releases.drainEvents({ ...holder, attempt });
  }
  await decide.freePlace(holder);
  await releases.removeSignals(holder);
  await releases.removeBucket(holder);
  await decide.closeWork({
    ...holder,
    outcome: 'cancelled',
    reason: sentenceOf('terminated', false),
    failureType: null,
  });
}
