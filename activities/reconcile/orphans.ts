import type { Stores } from '../../db/open-stores.ts';
import type { Thing } from '../../infra/cloud.ts';
import { worksOf } from '../holders.ts';

/**
 * What a cloud has that it should not: things of holders that are done, and things of holders that the database does
 * not know. Rows are never taken away, so the latter is what a database put back from a copy looks like.
 */
export async function nobodys<T extends Thing>(
  stores: Pick<Stores, 'jobs' | 'predictions'>,
  things: readonly T[],
): Promise<{ orphans: T[]; unknown: T[] }> {
  const orphans: T[] = [];
  const unknown: T[] = [];
  for (const thing of things) {
    const row = await worksOf(stores, thing.labels.kind).find(thing.labels.id);
    if (!row) unknown.push(thing);
    else if (row.phase === 'done') orphans.push(thing);
  }
  return { orphans, unknown };
}
