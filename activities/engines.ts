import { worksOf } from './holders.ts';
import type { Holder } from '../domain/ids.ts';
import type { Dependencies } from './dependencies.ts';

const sayEveryMs = 1000;

export function engineActivities({ stores, prepareEnvironment }: Dependencies) {
  return {
    /** Safe to retry: an environment is named by the hash of its lock file; one that is ready is found again. */
    async prepareEngine(request: Holder & { engine: string }): Promise<void> {
      let latest: string | undefined;
      const say = async () => {
        const sentence = latest;
        latest = undefined;
        // What could not be said now is no reason to give up: the next sentence comes in a second.
        if (sentence)
          await worksOf(stores, request.kind)
            .say(request.id, sentence)
            .catch(() => {});
      };
      let saying = Promise.resolve();
      const every = setInterval(() => {
        saying = saying.then(say);
      }, sayEveryMs);
      try {
        await prepareEnvironment(request.engine, (sentence) => {
          latest = sentence;
        });
      } finally {
        clearInterval(every);
        await saying;
      }
    },
  };
}
