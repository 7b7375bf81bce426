import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, bucketNameOf, type Holder } from '../../domain/ids.ts';
import { absentAs, hasCode, readTextIfThere, writeFileAtomic } from '../atomic-file.ts';
import type { EventBatch } from '../cloud.ts';
import type { LabelledFolders } from './labelled-folders.ts';
import { readSpool } from './spool-reader.ts';

/** Signals that are the runner's own spool: a folder of this host, with one for each attempt in it. */
export class LocalSignals {
  readonly #folders: LabelledFolders;
  readonly #bucketFolder: (holder: Holder) => string;

  constructor(folders: LabelledFolders, bucketFolder: (holder: Holder) => string) {
    this.#folders = folders;
    this.#bucketFolder = bucketFolder;
  }

  folder(holder: Holder): string {
    return this.#folders.folder('signals', bucketNameOf(holder));
  }

  /** Before a machine: a runner that had to make its own folder could bring back signals that were removed. */
  async openAttempt(ref: AttemptRef): Promise<void> {
    const name = bucketNameOf(ref);
    if (!(await this.#folders.own('signals', name))) {
      await this.#folders.refuseRevoked('signals', name);
      throw new TrainyardError('CloudUnavailable', `There are no signals ${name} for a machine to speak to.`);
    }
    await mkdir(this.#attemptFolder(ref)).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }

  read(ref: AttemptRef, afterSeq: number, signal: AbortSignal): AsyncIterable<EventBatch> {
    const uploaded = join(this.#bucketFolder(ref), 'attempts', String(ref.attempt), 'spool');
    return readSpool({ folder: this.#attemptFolder(ref), uploaded }, afterSeq, signal);
  }

  async ack(ref: AttemptRef, seq: number): Promise<void> {
    const path = join(this.#attemptFolder(ref), 'ack');
    const known = Number((await readTextIfThere(path)) ?? 0);
    if (known >= seq) return;
    // Not synced: after a power cut the runner keeps more than it needs, and nothing else happens. Nobody left to tell
    // when the folder is gone.
    await absentAs(undefined, () => writeFileAtomic(path, String(seq), { synced: false }));
  }

  #attemptFolder(ref: AttemptRef): string {
    return join(this.folder(ref), `attempt-${ref.attempt}`);
  }
}
