import type { Logger } from 'pino';
import { consoleActivities } from './consoles.ts';
import type { Dependencies } from './dependencies.ts';
import { engineActivities } from './engines.ts';
import { houseActivities } from './houses.ts';
import { journalActivities } from './journal.ts';
import { leftoverActivities } from './leftovers.ts';
import { machineActivities } from './machines.ts';
import { modelActivities } from './models.ts';
import { placeActivities } from './places.ts';
import { planActivities } from './plan.ts';
import { preparationActivities } from './preparations.ts';
import { predictionActivities } from './predictions.ts';
import { reconcileActivities, reconciler } from './reconcile/reconcile.ts';
import { relayActivities } from './relay/relay-activities.ts';
import { sizeUpActivities } from './size-up.ts';
import { sweepActivities } from './sweeps.ts';
import { stagingActivities } from './staging.ts';

/** All activities of all queues; which worker takes which is decided by its queue. */
export function createActivities(
  dependencies: Dependencies,
  log: Logger,
  reconcile: ReturnType<typeof reconciler> = reconciler(dependencies, log),
) {
  return {
    ...planActivities(dependencies),
    ...placeActivities(dependencies),
    ...journalActivities(dependencies),
    ...houseActivities(dependencies),
    ...engineActivities(dependencies),
    ...stagingActivities(dependencies),
    ...machineActivities(dependencies),
    ...consoleActivities(dependencies),
    ...relayActivities(dependencies),
    ...modelActivities(dependencies),
    ...predictionActivities(dependencies),
    ...leftoverActivities(dependencies),
    ...preparationActivities(dependencies),
    ...sizeUpActivities(dependencies),
    ...sweepActivities(dependencies),
    ...reconcileActivities(reconcile),
  };
}

export type Activities = ReturnType<typeof createActivities>;
