import type { AttemptRef, Holder } from '../domain/ids.ts';
import type { Say } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';

const longestLine = 2000;

/**
 * What a cloud says while it works, into the log of whoever it works for. A line that cannot be kept costs nothing but
 * itself: no machine waits for it.
 */
export async function sayingIn<T>(
  { stores, now }: Pick<Dependencies, 'stores' | 'now'>,
  of: Holder & Partial<Pick<AttemptRef, 'attempt'>>,
  work: (say: Say) => Promise<T>,
): Promise<T> {
  const holder = { kind: of.kind, id: of.id };
  const waiting: { atMs: number; attempt: number; text: string }[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  const write = async () => {
    const lines = waiting.splice(0);
    if (lines.length > 0) await stores.log.appendPlatformLines(holder, lines).catch(() => {});
  };
  const say: Say = (sentence) => {
    waiting.push({ atMs: now(), attempt: of.attempt ?? 0, text: sentence.slice(0, longestLine) });
    writing = writing.then(write);
  };
  try {
    return await work(say);
  } finally {
    await writing;
  }
}
