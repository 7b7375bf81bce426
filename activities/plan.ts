import type { Holder } from '../domain/ids.ts';
import { queuesOn, type Queues } from '../domain/queues.ts';
import { cloudNamed, type Dependencies } from './dependencies.ts';
import { workOf, worksOf } from './holders.ts';

/** What a workflow must know before it begins, and what may change between two versions: hence by activity. */
export interface WorkPlan {
  cloud: string;
  queues: Queues;
}

export function planActivities(dependencies: Dependencies) {
  return {
    /** Safe to retry: that it has started is noted once; the rest is read. */
    async planWork(request: Holder & { cloud: string; type: string }): Promise<WorkPlan> {
      const cloud = cloudNamed(dependencies, request.cloud);
      await worksOf(dependencies.stores, request.kind).markStarted(request.id, dependencies.now());
      return { cloud: cloud.name, queues: queuesOn(cloud.host) };
    },

    /** Safe to retry: reads only. */
    async planRelease(holder: Holder): Promise<WorkPlan & { attempts: number[] }> {
      const { spec, row } = await workOf(dependencies, holder);
      const cloud = cloudNamed(dependencies, spec.machine.cloud);
      const begun = (await dependencies.stores.attempts.list(holder)).map(({ attempt }) => attempt);
      // Also the one that was only entered: its machine may still be on its way, and a tombstone must meet it.
      const latest = Math.max(row.attempt, ...begun);
      return {
        cloud: cloud.name,
        queues: queuesOn(cloud.host),
        attempts: Array.from({ length: latest }, (_, index) => index + 1),
      };
    },
  };
}
