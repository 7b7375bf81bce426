import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeBytes } from '../../infra/disk.ts';
import { holderOf, type Lock, takeLock } from '../lock.ts';
import { Problem } from '../problem.ts';

/** The layout of the data folder: one more whenever an older Trainyard could not use it any more. */
export const layoutVersion = 1;

/** Temporal and the database need room to open at all, and to say that the disk is full. */
const leastFreeMb = 200;
const megabyte = 1024 * 1024;

/**
 * The data folder, for this process alone: made when it is not there, refused when a newer version has used it, when
 * another Trainyard runs on it, or when its disk is full.
 */
export async function openDataFolder(
  folder: string,
  free: (path: string) => Promise<number> = freeBytes,
): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  const freeMb = Math.floor((await free(folder)) / megabyte);
  if (freeMb < leastFreeMb) {
    throw new Problem(
      `The disk of the data folder ${folder} is full: ${freeMb} MB are free, and ${leastFreeMb} MB are needed to start. ` +
        'Make room, or name another folder with TRAINYARD_DATA_FOLDER.',
    );
  }
  const lockPath = join(folder, 'up.lock');
  const lock = await takeLock(lockPath);
  if (!lock) {
    const holder = holderOf(lockPath);
    throw new Problem(
      `Another one already runs on the data folder ${folder}${holder ? ` (process ${holder})` : ''}: use that one, end it, ` +
        'or name another folder with TRAINYARD_DATA_FOLDER and other ports.',
    );
  }
  try {
    await checkLayout(folder);
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

async function checkLayout(folder: string): Promise<void> {
  const path = join(folder, 'VERSION');
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === undefined) {
    await writeFile(`${path}.part`, `${layoutVersion}\n`);
    await rename(`${path}.part`, path);
    return;
  }
  const version = Number(found.trim());
  if (Number.isInteger(version) && version <= layoutVersion) return;
  throw new Problem(
    `The data folder ${folder} was last used by a newer version of Trainyard (its layout is ${found.trim()}, this one ` +
      `knows ${layoutVersion}). Update Trainyard (git pull), or name another folder with TRAINYARD_DATA_FOLDER.`,
  );
}
