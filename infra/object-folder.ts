import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { absentAs, fullDiskSaid, hasCode } from './atomic-file.ts';
import { checkObjectName } from './object-names.ts';

/** Where an object of that name lies below `root`. */
export function objectPath(root: string, object: string): string {
  checkObjectName(object);
  return join(root, ...object.split('/'));
}

/**
 * Makes the folders above an object, one by one and never `root` itself: a write that comes late must not bring back
 * a bucket that was removed.
 */
export async function makeFoldersFor(root: string, object: string): Promise<void> {
  const parts = object.split('/').slice(0, -1);
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    try {
      await mkdir(folder);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw fullDiskSaid(error);
    }
  }
}

/** The names of all objects that begin with `prefix`, sorted; what begins with a dot is none. */
export async function listObjectsBelow(root: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  const visit = async (folder: string, before: string): Promise<void> => {
    const entries = await absentAs([], () => readdir(folder, { withFileTypes: true }));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const name = before + entry.name;
      if (entry.isFile() && name.startsWith(prefix)) names.push(name);
      else if (entry.isDirectory() && mayHold(`${name}/`, prefix)) await visit(join(folder, entry.name), `${name}/`);
    }
  };
  const start = prefix.includes('/') ? dirname(`${prefix}x`) : '';
  if (start !== '') checkObjectName(start);
  await visit(join(root, start), start === '' ? '' : `${start}/`);
  return names.toSorted();
}

function mayHold(folder: string, prefix: string): boolean {
  return folder.startsWith(prefix) || prefix.startsWith(folder);
}
