import { TrainyardError } from '../domain/failures.ts';
import type { Holder } from '../domain/ids.ts';

/**
 * Names of objects in a bucket or store: parts with slashes between. What could lead out of the folder is refused,
 * and a part that begins with a dot is kept for our own marks and for files on their way.
 */
export function checkObjectName(object: string): void {
  const fine =
    object.length > 0 &&
    object.length <= 1024 &&
    !/[\\\p{Cc}]/u.test(object) &&
    object.split('/').every((part) => part !== '' && !part.startsWith('.'));
  if (!fine) throw new TrainyardError('Bug', `${JSON.stringify(object)} is not the name of an object.`);
}

/** Where the compressed lines of a job's or a prediction's log lie in the store. */
export function logFolderOf({ kind, id }: Holder): string {
  return `logs/${kind}-${id}/`;
}
