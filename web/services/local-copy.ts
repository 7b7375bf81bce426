import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ownName } from '../../data/own-name.ts';
import type { Store } from '../../infra/store.ts';

/** Tables that are being looked at are asked for again and again; more disk than this they do not get. */
const MOST_BYTES = 20 * 1024 ** 3;

interface Around {
  store: Store;
  tempFolder: string;
  /** Bytes of copies that are kept though nobody uses them. */
  keepBytes?: number;
}

/**
 * Gives a path to an object of the store: its own where the store is a folder, else that of a copy. Tables of datasets lie
 * under the hash of their bytes, so a copy of one stays right: it is fetched once and kept, and a preview at every key that
 * a person presses finds the same file. What else is asked for is copied for as long as it is used.
 */
export async function withLocalCopy<T>(around: Around, object: string, use: (path: string) => Promise<T>): Promise<T> {
  const own = around.store.path?.(object);
  if (own !== undefined) return use(own);
  if (/^datasets\/.*\.parquet$/.test(object)) return copiesOf(around).use(object, use);
  const copy = join(around.tempFolder, `${ownName('copy')}${randomUUID()}`);
  try {
    await pipeline(around.store.openRead(object), createWriteStream(copy));
    return await use(copy);
  } finally {
    await rm(copy, { force: true });
  }
}

/** The copies go with the store that they are of. */
const kept = new WeakMap<Store, Map<string, KeptCopies>>();

function copiesOf({ store, tempFolder, keepBytes = MOST_BYTES }: Around): KeptCopies {
  const byFolder = kept.get(store) ?? new Map<string, KeptCopies>();
  kept.set(store, byFolder);
  const copies = byFolder.get(tempFolder) ?? new KeptCopies(store, join(tempFolder, 'tables'), keepBytes);
  byFolder.set(tempFolder, copies);
  return copies;
}

interface Copy {
  path: string;
  users: number;
  bytes: number;
}

class KeptCopies {
  readonly #store: Store;
  readonly #folder: string;
  readonly #keepBytes: number;
  /** The one that was used last is last. */
  readonly #copies = new Map<string, Copy>();
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(store: Store, folder: string, keepBytes: number) {
    this.#store = store;
    this.#folder = folder;
    this.#keepBytes = keepBytes;
  }

  async use<T>(object: string, use: (path: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, `${createHash('sha256').update(object).digest('hex')}.parquet`);
    const copy = this.#copies.get(object) ?? { path, users: 0, bytes: 0 };
    this.#copies.delete(object);
    this.#copies.set(object, copy);
    copy.users += 1;
    try {
      await this.#fetched(object, copy);
      return await use(path);
    } finally {
      copy.users -= 1;
      await this.#forget();
    }
  }

  /** Whoever asks while it is being fetched waits for the same copy. */
  async #fetched(object: string, copy: Copy): Promise<void> {
    const under = this.#fetching.get(object) ?? this.#fetch(object, copy).finally(() => this.#fetching.delete(object));
    this.#fetching.set(object, under);
    return under;
  }

  async #fetch(object: string, copy: Copy): Promise<void> {
    if (!existsSync(copy.path)) {
      await mkdir(this.#folder, { recursive: true });
      const part = join(this.#folder, `${randomUUID()}.part`);
      try {
        await pipeline(this.#store.openRead(object), createWriteStream(part));
        await rename(part, copy.path);
      } finally {
        await rm(part, { force: true });
      }
    }
    copy.bytes = (await stat(copy.path)).size;
  }

  async #forget(): Promise<void> {
    let bytes = [...this.#copies.values()].reduce((sum, copy) => sum + copy.bytes, 0);
    for (const [object, copy] of this.#copies) {
      if (bytes <= this.#keepBytes) return;
      if (copy.users > 0) continue;
      this.#copies.delete(object);
      bytes -= copy.bytes;
      // Begun before anybody else can ask for it again.
      const gone = rm(copy.path, { force: true });
      this.#fetching.set(
        object,
        gone.then(() => undefined),
      );
      await gone.finally(() => this.#fetching.delete(object));
    }
  }
}
