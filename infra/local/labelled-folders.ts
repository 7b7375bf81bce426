import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import { absentAs, fullDiskSaid, hasCode, readTextIfThere, writeFileAtomic } from '../atomic-file.ts';
import type { Labels, MachineSeen, Thing } from '../cloud.ts';

export type ThingKind = Thing['kind'];

/** What a folder says of itself, so that it can be listed though every table of ours is lost. */
interface LabelFile {
  kind: ThingKind;
  labels: Labels;
  attempt: number | null;
  createdAtMs: number;
}

/** Left where a thing was removed, or was to be removed: a create that comes later is refused. */
export interface Tombstone {
  removedAtMs: number;
  machine?: Pick<MachineSeen, 'startedAtMs' | 'endedAtMs' | 'endedBecause'>;
}

export const labelFile = '.trainyard.json';
const thingKinds: readonly ThingKind[] = ['machine', 'signals', 'bucket'];
const foldersOf: Record<ThingKind, string> = { bucket: 'buckets', signals: 'signals', machine: 'machines' };

/** No create is on its way for longer: retries of a step end, or ask the ledger again, long before. */
const tombstonesKeptMs = 7 * 86_400_000;
/** Making a folder takes milliseconds: one this old was left by a process that died. */
const abandonedAfterMs = 600_000;

/**
 * The folders that stand for buckets, signals and machines. A folder appears whole, with its label, by rename, and goes
 * by rename before it is emptied: at every moment it is there for all or for none. What another installation keeps
 * in the same place is as good as absent.
 */
export class LabelledFolders {
  readonly #root: string;
  readonly #installationId: string;

  constructor(root: string, installationId: string) {
    if (!/^[\w-]{1,64}$/.test(installationId)) throw new TrainyardError('Bug', 'An installation id is a plain word.');
    this.#root = root;
    this.#installationId = installationId;
  }

  folder(kind: ThingKind, name: string): string {
    return join(this.#root, foldersOf[kind], name);
  }

  tombstonePath(kind: ThingKind, name: string): string {
    return join(this.#root, 'tombstones', this.#installationId, `${kind}.${name}.json`);
  }

  /** The thing of that name, if it is there and ours. */
  async own(kind: ThingKind, name: string): Promise<LabelFile | undefined> {
    const label = await this.#labelIn(this.folder(kind, name));
    return label?.labels.installationId === this.#installationId ? label : undefined;
  }

  async create(
    kind: ThingKind,
    name: string,
    about: Pick<LabelFile, 'labels' | 'attempt'>,
    fill: (folder: string) => Promise<void> = async () => {},
  ): Promise<void> {
    await this.refuseRevoked(kind, name);
    const place = this.folder(kind, name);
    if (!(await this.#labelIn(place))) {
      const making = join(this.#root, foldersOf[kind], `.making-${this.#installationId}-${randomUUID()}`);
      try {
        await mkdir(making, { recursive: true });
        await fill(making);
        const label: LabelFile = { kind, ...about, createdAtMs: Date.now() };
        await writeFileAtomic(join(making, labelFile), JSON.stringify(label));
        await rename(making, place);
      } catch (error) {
        await rm(making, { recursive: true, force: true });
        // Somebody else was first with the same.
        if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw fullDiskSaid(error);
      }
    }
    if (!(await this.own(kind, name))) await this.#sayWhyNotOurs(kind, name);
    // A remove leaves its tombstone before it looks for the folder, and we look for the tombstone after making the
    // folder: one of the two sees the other, whichever is slow.
    if (await this.tombstone(kind, name)) {
      if (kind !== 'machine') await this.discard(kind, name);
      throw revoked(kind, name);
    }
  }

  async #sayWhyNotOurs(kind: ThingKind, name: string): Promise<never> {
    await this.refuseRevoked(kind, name);
    throw new TrainyardError('Bug', `The ${kind} ${name} belongs to another installation.`);
  }

  async refuseRevoked(kind: ThingKind, name: string): Promise<void> {
    if (await this.tombstone(kind, name)) throw revoked(kind, name);
  }

  async tombstone(kind: ThingKind, name: string): Promise<Tombstone | undefined> {
    const text = await readTextIfThere(this.tombstonePath(kind, name));
    if (text === undefined) return undefined;
    const stone: Tombstone = JSON.parse(text);
    return stone;
  }

  async leaveTombstone(kind: ThingKind, name: string, machine?: Tombstone['machine']): Promise<void> {
    const known = await this.tombstone(kind, name);
    if (known && (known.machine || !machine)) return;
    await mkdir(join(this.#root, 'tombstones', this.#installationId), { recursive: true });
    const stone: Tombstone = { removedAtMs: known?.removedAtMs ?? Date.now(), ...(machine ? { machine } : {}) };
    await writeFileAtomic(this.tombstonePath(kind, name), JSON.stringify(stone));
  }

  /** Takes the folder away, and what an earlier try that died has left of it. */
  async discard(kind: ThingKind, name: string): Promise<void> {
    const gone = join(this.#root, foldersOf[kind], `${this.#goneOf(name)}${randomUUID()}`);
    if (await this.own(kind, name)) await absentAs(undefined, () => rename(this.folder(kind, name), gone));
    await this.#sweep(kind, (entry) => entry.startsWith(this.#goneOf(name)));
  }

  /** All that is there and ours. Clears away on the way what nobody will come back for. */
  async list(): Promise<Thing[]> {
    const things: Thing[] = [];
    for (const kind of thingKinds) {
      await this.#sweep(kind, (entry) => entry.startsWith(this.#goneOf('')));
      await this.#sweep(kind, (entry) => entry.startsWith(`.making-${this.#installationId}-`), abandonedAfterMs);
      for (const name of await this.#entries(foldersOf[kind])) {
        const label = name.startsWith('.') ? undefined : await this.own(kind, name);
        if (label)
          things.push({ kind, name, labels: label.labels, attempt: label.attempt, createdAtMs: label.createdAtMs });
      }
    }
    await this.#forgetOldTombstones();
    return things;
  }

  #goneOf(name: string): string {
    return `.gone-${this.#installationId}-${name}`;
  }

  async #labelIn(folder: string): Promise<LabelFile | undefined> {
    const text = await readTextIfThere(join(folder, labelFile));
    if (text === undefined) return undefined;
    const label: LabelFile = JSON.parse(text);
    return label;
  }

  async #entries(folder: string): Promise<string[]> {
    return absentAs([], () => readdir(join(this.#root, folder)));
  }

  async #sweep(kind: ThingKind, isLeft: (entry: string) => boolean, afterMs = 0): Promise<void> {
    for (const entry of (await this.#entries(foldersOf[kind])).filter(isLeft)) {
      const path = join(this.#root, foldersOf[kind], entry);
      if (await isOlderThan(path, afterMs)) await rm(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #forgetOldTombstones(): Promise<void> {
    const folder = join('tombstones', this.#installationId);
    for (const entry of await this.#entries(folder)) {
      const path = join(this.#root, folder, entry);
      if (await isOlderThan(path, tombstonesKeptMs)) await rm(path, { force: true });
    }
  }
}

async function isOlderThan(path: string, ms: number): Promise<boolean> {
  if (ms === 0) return true;
  const seen = await absentAs(undefined, () => stat(path));
  return seen !== undefined && Date.now() - seen.mtimeMs > ms;
}

function revoked(kind: ThingKind, name: string): TrainyardError {
  return new TrainyardError('CreateRevoked', `The ${kind} ${name} was removed; it is not made again.`);
}
