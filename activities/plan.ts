import type { Holder } from '../domain/ids.ts';
import { queuesOn, type Queues } from '../domain/queues.ts';
import { cloudNamed, type Dependencies } from './dependencies.ts';
import { workOf, worksOf } from './holders.ts';

/** What a workflow must know before it begins, and what may change between two versions: hence by activity. */
export interface WorkPlan {
  cloud: string;
  queues: Queues;
  /** How many may hold a place in this cloud at once. */
  places: number;
}

export function planActivities(dependencies: Dependencies) {
  return {
    /** Safe to retry: reads only. */
    async planWork(request: Holder & { cloud: string; type: string }): Promise<WorkPlan> {
      const cloud = cloudNamed(dependencies, request.cloud);
      await worksOf(dependencies.stores, request.kind).markStarted(request.id, dependencies.now());
      return { cloud: cloud.name, queues: queuesOn(cloud.host), places: await cloud.places() };
    },

    /** Safe to retry: reads only. */
    async planRelease(holder: Holder): Promise<{ queues: Queues; attempts: number[] }> {
      const { spec } = await workOf(dependencies, holder);
      const cloud = cloudNamed(dependencies, spec.machine.cloud);
      const attempts = await dependencies.stores.attempts.list(holder);
      return { queues: queuesOn(cloud.host), attempts: attempts.map((row) => row.attempt) };
    },
  };
}
