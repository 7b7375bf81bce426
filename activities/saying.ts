import type { Stores } from '../db/open-stores.ts';
import type { Holder } from '../domain/ids.ts';
import { worksOf } from './holders.ts';

const sayEveryMs = 1000;

/** Lets long work say how far it is: the newest sentence each second, in the place of the one before. */
export async function saying<T>(
  stores: Pick<Stores, 'jobs' | 'predictions'>,
  { kind, id }: Holder,
  work: (say: (sentence: string) => void) => Promise<T>,
): Promise<T> {
  let latest: string | undefined;
  const say = async () => {
    const sentence = latest;
    latest = undefined;
    // What could not be said now is no reason to give up: the next sentence comes in a second.
    if (sentence)
      await worksOf(stores, kind)
        .say(id, sentence)
        .catch(() => {});
  };
  let spoken = Promise.resolve();
  const every = setInterval(() => {
    spoken = spoken.then(say);
  }, sayEveryMs);
  try {
    return await work((sentence) => {
      latest = sentence;
    });
  } finally {
    clearInterval(every);
    await spoken;
  }
}
