import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, pipeline } from 'node:stream';
import { TrainyardError } from '../../domain/failures.ts';
import {
  absentAs,
  copyFileAtomic,
  fullDiskSaid,
  hasCode,
  makingPrefix,
  readTextIfThere,
  writeFileAtomic,
} from '../atomic-file.ts';
import { listObjectsBelow, makeFoldersFor, objectPath } from '../object-folder.ts';
import type { Store } from '../store.ts';

/** A put takes seconds, the largest minutes: what is older than this was left by one that died. */
const abandonedAfterMs = 24 * 3_600_000;

/** A store that is a folder of this host. */
export function folderStore(folder: string): Store {
  let ready: Promise<void> | undefined;
  const put = async (object: string, how: (path: string) => Promise<void>) => {
    const path = objectPath(folder, object);
    ready ??= makeReady(folder).catch((error: unknown) => {
      ready = undefined;
      throw fullDiskSaid(error);
    });
    await ready;
    await putThrough(folder, object, () => how(path));
  };
  return {
    put: (object, fromPath) => put(object, (path) => copyFileAtomic(fromPath, path)),
    putText: (object, text) => put(object, (path) => writeFileAtomic(path, text)),

    openRead(object, range) {
      if (range?.end !== undefined && range.end <= range.start) return new PassThrough().end();
      const file = createReadStream(objectPath(folder, object), {
        start: range?.start ?? 0,
        end: range?.end === undefined ? Number.POSITIVE_INFINITY : range.end - 1,
      });
      // Through a second stream, since only there can the reader be given an error of ours.
      const out = new PassThrough();
      file.once('error', (error: Error) => out.destroy(hasCode(error, 'ENOENT', 'ENOTDIR') ? notFound(object) : error));
      pipeline(file, out, () => {});
      return out;
    },

    readText: (object) => readTextIfThere(objectPath(folder, object)),
    exists: (object) => absentAs(false, async () => (await stat(objectPath(folder, object))).isFile()),
    list: (prefix) => listObjectsBelow(folder, prefix),
    size: () => sizeOf(folder),
    path: (object) => objectPath(folder, object),

    async remove(object) {
      await absentAs(undefined, () => rm(objectPath(folder, object)));
      await removeEmptyFolders(folder, object);
    },
  };
}

/** Tried again when a remove took away the folder that had just been made for this object. */
async function putThrough(root: string, object: string, put: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await makeFoldersFor(root, object);
      return await put();
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || tries === 20) throw error;
    }
  }
}

async function removeEmptyFolders(root: string, object: string): Promise<void> {
  for (let above = dirname(object); above !== '.'; above = dirname(above)) {
    try {
      await rmdir(join(root, above));
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return;
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

/** Folders may come and go while it walks. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await absentAs([], () => readdir(folder, { withFileTypes: true }));
  const paths: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) paths.push(...(await filesBelow(path)));
    else paths.push(path);
  }
  return paths;
}

/** Files on their way count too: they take the disk as well. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesBelow(folder)) bytes += (await absentAs(undefined, () => stat(path)))?.size ?? 0;
  return bytes;
}

async function makeReady(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await sweepAbandoned(folder);
}

async function sweepAbandoned(folder: string): Promise<void> {
  for (const path of await filesBelow(folder)) {
    if (!path.slice(dirname(path).length + 1).startsWith(makingPrefix)) continue;
    const seen = await absentAs(undefined, () => stat(path));
    if (seen && Date.now() - seen.mtimeMs > abandonedAfterMs) await rm(path, { force: true });
  }
}

function notFound(object: string): TrainyardError {
  return new TrainyardError('NotFound', `There is no “${object}” in the store.`);
}
