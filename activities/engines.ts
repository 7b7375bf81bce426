import type { Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';
import { saying } from './saying.ts';

export function engineActivities({ stores, prepareEnvironment }: Dependencies) {
  return {
    /** Safe to retry: an environment is named by the hash of its lock file; one that is ready is found again. */
    async prepareEngine(request: Holder & { engine: string }): Promise<void> {
      await saying(stores, request, async (say) => {
        await prepareEnvironment(request.engine, say);
      });
    },
  };
}
