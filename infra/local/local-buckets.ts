import { stat } from 'node:fs/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { bucketNameOf, type Holder } from '../../domain/ids.ts';
import { absentAs, copyFileAtomic, hasCode, readTextIfThere, writeFileAtomic } from '../atomic-file.ts';
import { listObjectsBelow, makeFoldersFor, objectPath } from '../object-folder.ts';
import type { LabelledFolders } from './labelled-folders.ts';

/** Buckets that are folders of this host; an object is a file in it. */
export class LocalBuckets {
  readonly #folders: LabelledFolders;

  constructor(folders: LabelledFolders) {
    this.#folders = folders;
  }

  folder(holder: Holder): string {
    return this.#folders.folder('bucket', bucketNameOf(holder));
  }

  async put(holder: Holder, object: string, write: (path: string) => Promise<void>): Promise<void> {
    const root = this.folder(holder);
    const path = objectPath(root, object);
    await this.#mustBeThere(holder);
    try {
      await makeFoldersFor(root, object);
      await write(path);
    } catch (error) {
      // Removed in between: then that is what is to be said.
      if (hasCode(error, 'ENOENT')) await this.#mustBeThere(holder);
      throw error;
    }
  }

  putFile(holder: Holder, object: string, fromPath: string): Promise<void> {
    return this.put(holder, object, (path) => copyFileAtomic(fromPath, path));
  }

  putText(holder: Holder, object: string, text: string): Promise<void> {
    return this.put(holder, object, (path) => writeFileAtomic(path, text));
  }

  async getFile(holder: Holder, object: string, toPath: string): Promise<boolean> {
    const path = objectPath(this.folder(holder), object);
    if (!(await this.#isThere(holder)) || !(await absentAs(false, () => isFile(path)))) return false;
    await copyFileAtomic(path, toPath, { synced: false });
    return true;
  }

  async getText(holder: Holder, object: string): Promise<string | undefined> {
    const path = objectPath(this.folder(holder), object);
    return (await this.#isThere(holder)) ? readTextIfThere(path) : undefined;
  }

  async list(holder: Holder, prefix: string): Promise<string[]> {
    return (await this.#isThere(holder)) ? listObjectsBelow(this.folder(holder), prefix) : [];
  }

  async #isThere(holder: Holder): Promise<boolean> {
    return (await this.#folders.own('bucket', bucketNameOf(holder))) !== undefined;
  }

  async #mustBeThere(holder: Holder): Promise<void> {
    if (await this.#isThere(holder)) return;
    await this.#folders.refuseRevoked('bucket', bucketNameOf(holder));
    throw new TrainyardError('CloudUnavailable', `There is no bucket ${bucketNameOf(holder)}.`);
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path)).isFile();
}
