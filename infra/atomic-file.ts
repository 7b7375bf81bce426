import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TrainyardError } from '../domain/failures.ts';

/** Files on their way carry this prefix: nothing that lists a folder shows them, and a sweep knows them by it. */
export const makingPrefix = '.making-';

interface Care {
  /** Whether it must outlive a power cut; costs a flush of the disk. */
  synced: boolean;
}

/** Whoever reads `path` finds the old text or the new one, never a part. Its folder must be there. */
export async function writeFileAtomic(
  path: string,
  text: string | Uint8Array,
  { synced }: Care = { synced: true },
): Promise<void> {
  await throughFileBeside(path, synced, async (beside) => {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  });
}

/** Copies (or clones, where the disk can) so that `path` is the whole file or is not there. Its folder must be there. */
export async function copyFileAtomic(from: string, path: string, { synced }: Care = { synced: true }): Promise<void> {
  await throughFileBeside(path, synced, (beside) => copyFile(from, beside, constants.COPYFILE_FICLONE));
}

async function throughFileBeside(path: string, synced: boolean, make: (beside: string) => Promise<void>) {
  const folder = dirname(path);
  const beside = join(folder, `${makingPrefix}${randomUUID()}`);
  try {
    await make(beside);
    if (synced) await flush(beside);
    await rename(beside, path);
    if (synced) await flush(folder);
  } catch (error) {
    await rm(beside, { force: true });
    throw fullDiskSaid(error);
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function readTextIfThere(path: string): Promise<string | undefined> {
  return absentAs(undefined, () => readFile(path, 'utf8'));
}

/** The answer of `read`, or `absent` when the file or a folder on the way is not there. */
export async function absentAs<T, A>(absent: A, read: () => Promise<T>): Promise<T | A> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return absent;
    throw error;
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code);
}

/** A full disk is told from a bug: it is retried, and a person is told what to do. */
export function fullDiskSaid(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT')) return error;
  return new TrainyardError('DiskFull', 'The disk is full.', 'Free some space; the work goes on by itself.');
}
