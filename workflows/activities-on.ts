import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';
import { notRetried } from '../domain/failures.ts';
import { decisionsQueue, type Queues } from '../domain/queues.ts';

/**
 * Every worker beats for its activities (workers/activity-interceptors.ts), so a killed worker is noticed after
 * this many seconds and not after the whole time an activity may take.
 */
const heartbeatTimeout = '5 s';

const common: ActivityOptions = { heartbeatTimeout, cancellationType: 'TRY_CANCEL' };
const patience = { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' } as const;
/** For what frees and what keeps the books: there is no failure after which we may go on without it. */
const forEver: ActivityOptions = { ...common, retry: patience };
/** For what may fail for good: the types that end a story are those that no retry can mend. */
const untilHopeless: ActivityOptions = { ...common, retry: { ...patience, nonRetryableErrorTypes: notRetried } };

/** Short work on the database: the same queue as the workflows, known before any plan is made. */
export const decide = proxyActivities<Activities>({
  ...forEver,
  taskQueue: decisionsQueue,
  startToCloseTimeout: '1 min',
});

/** The same for what has no sense when the database does not know whose it is: it was put back from an older copy. */
export const decideIfKnown = proxyActivities<Activities>({
  ...untilHopeless,
  taskQueue: decisionsQueue,
  startToCloseTimeout: '1 min',
});

/** The activities that need a place of their own, by the queues that a job's plan names. */
export function activitiesOn(queues: Queues) {
  return {
    machines: proxyActivities<Activities>({
      ...untilHopeless,
      taskQueue: queues.machines,
      // Longer than a cloud tries in one call, over all of its zones: what ends here goes on unseen.
      startToCloseTimeout: '20 min',
    }),
    relays: proxyActivities<Activities>({
      ...untilHopeless,
      // What nobody hears while it waits is on no page, and no cap is looked at.
      retry: { ...untilHopeless.retry, maximumInterval: '5 s' },
      taskQueue: queues.relays,
      startToCloseTimeout: '30 days',
    }),
    // Beside the relays, where there is always a slot: what a person asks must not wait for machines that are being made.
    asks: proxyActivities<Activities>({ ...untilHopeless, taskQueue: queues.relays, startToCloseTimeout: '1 min' }),
    // Good to have, and never worth a machine that stays longer.
    glances: proxyActivities<Activities>({
      ...common,
      retry: { ...patience, maximumAttempts: 3 },
      taskQueue: queues.relays,
      startToCloseTimeout: '20 s',
    }),
    engines: proxyActivities<Activities>({ ...untilHopeless, taskQueue: queues.engines, startToCloseTimeout: '6 h' }),
    data: proxyActivities<Activities>({ ...untilHopeless, taskQueue: queues.data, startToCloseTimeout: '6 h' }),
    // Waited for, also when it is cancelled: whether it came to its end or not decides what the work has come to.
    keeps: proxyActivities<Activities>({
      ...untilHopeless,
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      taskQueue: queues.data,
      startToCloseTimeout: '6 h',
    }),
    releases: proxyActivities<Activities>({ ...forEver, taskQueue: queues.releases, startToCloseTimeout: '20 min' }),
  };
}
