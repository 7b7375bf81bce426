import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isLeftBehind, ownName } from './own-name.ts';

/** Where a result is written before it gets its name: beside it, so that the rename cannot cross a file system. */
export function partOf(path: string, workFolder: string): string {
  // With the name of the result: one call may write several into a folder.
  return join(dirname(path), `.${basename(workFolder)}.${basename(path).slice(-100)}.part`);
}

/** Where rows of an upload go that were set aside. */
export function rejectedPath(input: { toParquet: string; toRejected?: string | undefined }): string {
  return input.toRejected ?? `${input.toParquet}.rejected`;
}

/** A folder for one call, named after the process that removes it. */
export async function makeWorkFolder(tempFolder: string): Promise<string> {
  await mkdir(tempFolder, { recursive: true });
  return mkdtemp(join(tempFolder, ownName('data')));
}

export async function removeCallFiles(workFolder: string, writes: readonly string[]): Promise<void> {
  const parts = writes.map((path) => rm(partOf(path, workFolder), { force: true }));
  await Promise.all([...parts, rm(workFolder, { recursive: true, force: true, maxRetries: 3 })]);
}

/** Removes what processes that are gone left behind: gigabytes, when they were killed while spilling. */
export async function removeStrays(tempFolder: string): Promise<void> {
  const names = await readdir(tempFolder).catch(() => []);
  for (const name of names) {
    if (isLeftBehind(name)) await rm(join(tempFolder, name), { recursive: true, force: true });
  }
}
