import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.ts';

export interface House {
  cloud: string;
  /** The queue of workers that can reach this cloud's things. */
  queue: string;
}

/** More than a day of passes; whoever takes over replays them all. */
const eventsOfAHistory = 200;

/**
 * Keeps one cloud's house in order for ever. The activity makes a pass every few seconds for an hour and heartbeats in
 * between, so a day costs a few dozen events and a dead worker is replaced within seconds (docs/adr/0003).
 */
export async function keepHouse(house: House): Promise<void> {
  const { reconcileForAWhile } = proxyActivities<Activities>({
    taskQueue: house.queue,
    startToCloseTimeout: '2 h',
    heartbeatTimeout: '10 s',
    retry: { initialInterval: '1 s', maximumInterval: '1 min' },
  });
  while (!workflowInfo().continueAsNewSuggested && workflowInfo().historyLength < eventsOfAHistory) {
    await reconcileForAWhile(house.cloud);
  }
  await continueAsNew<typeof keepHouse>(house);
}
