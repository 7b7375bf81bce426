import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { Holder } from '../domain/ids.ts';
import { endingRules, outcomeOf, type ReleaseEnding, sentenceOf } from '../domain/outcomes.ts';
import { activitiesOn, decide, decideIfKnown } from './activities-on.ts';

export interface ReleaseOrder extends Holder {
  /** Why its own workflow cannot do it any more. */
  ending: ReleaseEnding;
}

const keptBefore = 'Its workflow was ended from outside when its result had been kept already; it stays.';

/**
 * Frees all that a holder still has, from outside: its own workflow was terminated, failed, or lost with its server.
 * What there is to free is read from the ledger, since nobody remembers it any more.
 */
export async function releaseHolder({ kind, id, ending }: ReleaseOrder): Promise<void> {
  const holder: Holder = { kind, id };
  const { queues, cloud, attempts } = await decideIfKnown.planRelease(holder);
  const { releases, data } = activitiesOn(queues);
  const ours = { ...holder, cloud };
  const latest = Math.max(0, ...attempts);
  await decide.enterPhase({ ...holder, attempt: latest, phase: 'releasing', sentence: 'Freeing what it left behind.' });
  for (const attempt of attempts) {
    await releases.removeMachine({ ...ours, attempt });
    await releases.drainEvents({ ...ours, attempt });
  }
  await decide.freePlace(holder);
  const rule = endingRules[ending];
  // Kept by its own workflow, before that was ended: then it has a result, whatever was asked since.
  const wasKept = await decide.wasKept(holder);
  let hasResult = wasKept;
  if (rule.collects && !wasKept) {
    try {
      hasResult = await data.collectLeftovers({ ...holder, attempts });
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      const text = `What its machine had handed in could not be taken in: ${error.cause?.message ?? error.message}`;
      await decide.note({ ...holder, attempt: latest, mark: 'warning', key: 'leftovers-lost', text });
    }
  }
  await releases.removeSignals(ours);
  await releases.removeBucket(ours);
  await decide.closeWork({
    ...holder,
    outcome: outcomeOf(rule.collects || !wasKept ? ending : 'finished', hasResult),
    reason: rule.collects || !wasKept ? sentenceOf(ending, hasResult) : keptBefore,
    failureType: hasResult ? null : (rule.failureType ?? null),
  });
}
