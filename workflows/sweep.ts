import { condition, continueAsNew, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SweepOrder } from '../domain/sweep.ts';
import { decideIfKnown } from './activities-on.ts';
import { cancelSignal, stopSignal, trialEndedSignal } from './messages.ts';
import type { WorkResult } from './work.ts';

/** Some hundred trials; whoever takes over replays them all, and the database has all that counts. */
const eventsOfAHistory = 1500;
/** The signal of a trial that ended is not lost; should it be, the database is asked again after this. */
const askAgainAfter = '10 min';

/**
 * Drives a sweep: whenever something ended or was asked, an activity decides on what comes next by what the database
 * has, and begins it (docs/adr/0012). Its trials are jobs with workflows of their own, which outlive this one.
 */
export async function sweep(order: SweepOrder): Promise<WorkResult> {
  let asked = order.asked;
  let isWoken = false;
  const wake = () => {
    isWoken = true;
  };
  setHandler(trialEndedSignal, wake);
  setHandler(stopSignal, () => {
    asked ??= 'stop';
    wake();
  });
  setHandler(cancelSignal, () => {
    asked = 'cancel';
    wake();
  });

  upsertSearchAttributes({ TrainyardPhase: ['training'] });
  for (;;) {
    isWoken = false;
    const { end } = await decideIfKnown.advanceSweep({ id: order.id, asked: asked ?? null });
    if (end) {
      upsertSearchAttributes({ TrainyardPhase: ['done'] });
      return end;
    }
    await condition(() => isWoken, askAgainAfter);
    if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > eventsOfAHistory) {
      await continueAsNew<typeof sweep>(asked ? { ...order, asked } : order);
    }
  }
}
