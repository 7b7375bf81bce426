import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ownName } from '../data/own-name.ts';
import type { Dependencies } from './dependencies.ts';

export async function fromStore({ store }: Pick<Dependencies, 'store'>, object: string, path: string): Promise<void> {
  await pipeline(store.openRead(object), createWriteStream(path));
}

export async function inScratch<T>(
  { scratchFolder }: Pick<Dependencies, 'scratchFolder'>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(scratchFolder, ownName('work')));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
