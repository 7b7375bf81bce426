import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftBehind } from '../../data/own-name.ts';
import type { Dependencies } from '../dependencies.ts';

const dayMs = 86_400_000;

/** Files on their way that a killed process left behind; nothing is on its way for a whole day, whoever carries it. */
export async function sweepScratch({ scratchFolder, now }: Dependencies): Promise<void> {
  for (const name of await readdir(scratchFolder)) {
    const path = join(scratchFolder, name);
    if (isLeftBehind(name)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    const found = await stat(path).catch(() => undefined);
    if (found && now() - found.mtimeMs > dayMs) await rm(path, { recursive: true, force: true });
  }
}
