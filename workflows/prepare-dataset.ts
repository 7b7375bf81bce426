import { CancellationScope, isCancellation, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { endingOfFailure, endingRules, outcomeOf, sentenceOf } from '../domain/outcomes.ts';
import type { PreparationOrder } from '../domain/preparation.ts';
import { activitiesOn, decide } from './activities-on.ts';
import { cancelSignal } from './messages.ts';
import { failureOf, type WorkResult } from './work.ts';

/**
 * A version of a recipe over a whole dataset, which makes another dataset. It holds nothing that would have to be freed:
 * the dataset and the end of the preparation are one transaction of the activity, so that either both are there or none.
 */
export async function prepareDataset({ id }: PreparationOrder): Promise<WorkResult> {
  const scope = new CancellationScope({ cancellable: true });
  setHandler(cancelSignal, () => scope.cancel());
  let result: WorkResult;
  try {
    result = await scope.run(async () => {
      const { data } = activitiesOn(await decide.planPreparation(id));
      upsertSearchAttributes({ TrainyardPhase: ['preparing'] });
      return data.runPreparation(id);
    });
  } catch (error) {
    const end = endOf(error);
    // What was finished in the moment in which it was cancelled stands.
    result = await CancellationScope.nonCancellable(() => decide.closePreparation({ id, ...end }));
  }
  upsertSearchAttributes({ TrainyardPhase: ['done'] });
  return result;
}

function endOf(error: unknown): WorkResult & { failureType: string | null } {
  if (isCancellation(error)) {
    const { withoutResult: outcome } = endingRules.cancelled;
    return { outcome, reason: sentenceOf('cancelled', false), failureType: null };
  }
  const failure = failureOf(error);
  const outcome = outcomeOf(endingOfFailure(failure.type), false);
  return { outcome, reason: failure.message, failureType: failure.type };
}
