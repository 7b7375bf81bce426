import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bucket, type File, Storage } from '@google-cloud/storage';
import type { GoogleAuth } from 'google-auth-library';
import { TrainyardError } from '../../domain/failures.ts';
import type { Holder } from '../../domain/ids.ts';
import { fullDiskSaid, makingPrefix } from '../atomic-file.ts';
import type { Labels } from '../cloud.ts';
import { checkObjectName } from '../object-names.ts';
import type { Tombstones } from '../tombstones.ts';
import { failureOf } from './errors.ts';
import type { GoogleApi } from './google-api.ts';
import { bucketNameOf, labelMap, readLabels } from './names.ts';

export interface BucketsOptions {
  auth: GoogleAuth;
  api: GoogleApi;
  project: string;
  endpoint: string;
  /** Buckets lie in the region of the machines. */
  location: string;
  installationId: string;
  tombstones: Tombstones;
}

/** What is in a bucket that nobody takes away goes by itself: this long after it was written, or after its machine's end. */
const leastDaysKept = 14;
const daysAfterEnd = 7;
const dayMs = 86_400_000;
const deletionsAtOnce = 32;
const resumableAboveBytes = 8 * 1024 * 1024;

/** Buckets of Google Cloud Storage. One that is another installation's is as good as absent. */
export class GcpBuckets {
  readonly #storage: Storage;
  readonly #options: BucketsOptions;
  /** Those that were seen to be ours; names hold a UUID, so another's never takes the same. */
  readonly #ours = new Map<string, { createdAtMs: number }>();

  constructor(options: BucketsOptions) {
    this.#options = options;
    this.#storage = openStorage(options);
  }

  bucket(holder: Holder): Bucket {
    return this.#storage.bucket(bucketNameOf(holder));
  }

  async create(labels: Labels): Promise<void> {
    const { tombstones, installationId, location, project } = this.#options;
    const name = bucketNameOf(labels);
    await tombstones.refuse('bucket', name);
    try {
      await this.#storage.createBucket(name, {
        location,
        labels: labelMap(labels),
        iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
        // What is deleted is gone: it would be paid for otherwise.
        softDeletePolicy: { retentionDurationSeconds: 0 },
        lifecycle: lifecycleOf(leastDaysKept),
      });
    } catch (error) {
      if (codeOf(error) !== 409) throw failureOf(error, project);
    }
    if (!(await this.isOurs(labels))) {
      await tombstones.refuse('bucket', name);
      throw new TrainyardError('NameTaken', `The bucket ${name} belongs to somebody else than ${installationId}.`);
    }
    // A remove leaves its tombstone before it looks for the bucket, and we look for the tombstone after making the
    // bucket: one of the two sees the other, whichever is slow.
    if (await tombstones.read('bucket', name)) await this.remove(labels);
    await tombstones.refuse('bucket', name);
  }

  /** The last net must not catch what a machine still needs: that may have been laid there before another machine. */
  async outlive(holder: Holder, endsAtMs: number): Promise<void> {
    if (!(await this.isOurs(holder))) return;
    const { createdAtMs } = this.#ours.get(bucketNameOf(holder)) ?? { createdAtMs: endsAtMs };
    const days = Math.ceil((endsAtMs - createdAtMs) / dayMs) + daysAfterEnd;
    if (days <= leastDaysKept) return;
    await this.#said(() => this.bucket(holder).setMetadata({ lifecycle: lifecycleOf(days) }));
  }

  async remove(holder: Holder): Promise<void> {
    const name = bucketNameOf(holder);
    await this.#options.tombstones.leave('bucket', name);
    const bucket = this.bucket(holder);
    while (await this.isOurs(holder)) {
      await this.#empty(bucket);
      try {
        await bucket.delete();
      } catch (error) {
        // Somebody wrote into it meanwhile: it is emptied again.
        if (![404, 409].includes(codeOf(error))) throw failureOf(error, this.#options.project);
      }
      this.#ours.delete(name);
    }
  }

  async putFile(holder: Holder, object: string, fromPath: string): Promise<void> {
    checkObjectName(object);
    const { size } = await stat(fromPath);
    await this.#put(holder, async () => {
      const how = await this.#way(this.bucket(holder).file(object), size);
      await this.bucket(holder).upload(fromPath, { destination: object, ...how });
    });
  }

  async putText(holder: Holder, object: string, text: string): Promise<void> {
    checkObjectName(object);
    await this.#put(holder, async () => {
      const file = this.bucket(holder).file(object);
      await file.save(text, await this.#way(file, text.length));
    });
  }

  /** What is ours, and no object of the job's. */
  async putOwn(holder: Holder, object: string, text: string): Promise<void> {
    await this.#put(holder, () => this.bucket(holder).file(object).save(text, { resumable: false }));
  }

  async getFile(holder: Holder, object: string, toPath: string): Promise<boolean> {
    checkObjectName(object);
    const beside = join(dirname(toPath), `${makingPrefix}${randomUUID()}`);
    try {
      const found = await this.#read(holder, () => this.bucket(holder).file(object).download({ destination: beside }));
      if (found === undefined) return false;
      await rename(beside, toPath);
      return true;
    } catch (error) {
      throw fullDiskSaid(error);
    } finally {
      await rm(beside, { force: true });
    }
  }

  async getText(holder: Holder, object: string): Promise<string | undefined> {
    checkObjectName(object);
    return (await this.getBytes(holder, object))?.toString('utf8');
  }

  async getBytes(holder: Holder, object: string): Promise<Buffer | undefined> {
    // Not by the client: for a few bytes, its streams cost more than they bring.
    const path = `b/${bucketNameOf(holder)}/o/${encodeURIComponent(object)}`;
    return (await this.isOurs(holder)) ? this.#options.api.bytes('storage', path, { alt: 'media' }) : undefined;
  }

  async list(holder: Holder, prefix: string): Promise<string[]> {
    const found = await this.#read(holder, () => this.bucket(holder).getFiles({ prefix }));
    return (found?.[0] ?? [])
      .map((file) => file.name)
      .filter((name) => !name.split('/').some((part) => part.startsWith('.')))
      .toSorted();
  }

  /** All of this installation's that there are. */
  async all(): Promise<{ name: string; labels: Labels; createdAtMs: number | null }[]> {
    const [buckets] = await this.#said(() => this.#storage.getBuckets({ prefix: 'ty-' }));
    return buckets.flatMap(({ name, metadata }) => {
      const ours = readLabels(metadata.labels, this.#options.installationId);
      const createdAtMs = metadata.timeCreated ? Date.parse(metadata.timeCreated) : null;
      return ours ? [{ name, labels: ours.labels, createdAtMs }] : [];
    });
  }

  /** Asked anew: a person, or another worker, may have taken it away since. */
  async isStillOurs(holder: Holder): Promise<boolean> {
    this.#ours.delete(bucketNameOf(holder));
    return this.isOurs(holder);
  }

  async isOurs(holder: Holder): Promise<boolean> {
    const name = bucketNameOf(holder);
    if (this.#ours.has(name)) return true;
    try {
      const [metadata] = await this.bucket(holder).getMetadata();
      if (!readLabels(metadata.labels, this.#options.installationId)) return false;
      this.#ours.set(name, { createdAtMs: Date.parse(metadata.timeCreated ?? '') || Date.now() });
    } catch (error) {
      // A name that is somebody else's is forbidden to us, not absent.
      if ([403, 404].includes(codeOf(error))) return false;
      throw failureOf(error, this.#options.project);
    }
    return true;
  }

  /**
   * What is large goes by an address that is its own key. We ask for that ourselves: where an endpoint is set, the library
   * would do it without credentials. By a client that is used for nothing else: asking takes its retries away for good.
   */
  async #way(file: File, size: number): Promise<{ resumable: boolean; uri?: string; offset?: number }> {
    if (size <= resumableAboveBytes) return { resumable: false };
    const own = openStorage(this.#options).bucket(file.bucket.name).file(file.name);
    const [uri] = await own.createResumableUpload();
    return { resumable: true, uri, offset: 0 };
  }

  async #put(holder: Holder, put: () => Promise<unknown>): Promise<void> {
    const name = bucketNameOf(holder);
    try {
      if (await this.isOurs(holder)) {
        await put();
        return;
      }
    } catch (error) {
      if (codeOf(error) !== 404) throw fullDiskSaid(failureOf(error, this.#options.project));
      this.#ours.delete(name);
    }
    await this.#options.tombstones.refuse('bucket', name);
    throw new TrainyardError('CloudUnavailable', `There is no bucket ${name}.`);
  }

  async #read<T>(holder: Holder, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return (await this.isOurs(holder)) ? await read() : undefined;
    } catch (error) {
      if (codeOf(error) === 404) return undefined;
      throw failureOf(error, this.#options.project);
    }
  }

  async #empty(bucket: Bucket): Promise<void> {
    for (;;) {
      const [files] = await this.#said(() =>
        bucket.getFiles({ maxResults: 1000, autoPaginate: false, versions: true }),
      ).catch((error: unknown): [File[]] => {
        if (codeOf(error) === 404) return [[]];
        throw error;
      });
      if (files.length === 0) return;
      const waiting = [...files];
      const worker = async () => {
        for (let file = waiting.pop(); file; file = waiting.pop()) {
          const one = file;
          await this.#said(() => one.delete({ ignoreNotFound: true }));
        }
      };
      await Promise.all(Array.from({ length: deletionsAtOnce }, worker));
    }
  }

  async #said<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (codeOf(error) === 404) throw error;
      throw failureOf(error, this.#options.project);
    }
  }
}

function openStorage({ project, auth, endpoint }: BucketsOptions): Storage {
  return new Storage({
    projectId: project,
    authClient: auth,
    ...(endpoint && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true }),
    retryOptions: { autoRetry: true, maxRetries: 4, totalTimeout: 120 },
  });
}

function lifecycleOf(days: number) {
  return { rule: [{ action: { type: 'Delete' as const }, condition: { age: days } }] };
}

export function codeOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return Number(code);
}
