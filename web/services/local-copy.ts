import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Store } from '../../infra/store.ts';

/** Gives a path to an object of the store: its own where the store is a folder, else a copy for as long as it is used. */
export async function withLocalCopy<T>(
  { store, tempFolder }: { store: Store; tempFolder: string },
  object: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const own = store.path?.(object);
  if (own !== undefined) return use(own);
  const copy = join(tempFolder, `copy-${randomUUID()}`);
  try {
    await pipeline(store.openRead(object), createWriteStream(copy));
    return await use(copy);
  } finally {
    await rm(copy, { force: true });
  }
}
