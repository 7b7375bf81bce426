import { type Bucket, Storage } from '@google-cloud/storage';
import type { GoogleAuth } from 'google-auth-library';
import { TrainyardError } from '../../../domain/failures.ts';
import { codeOf } from '../buckets.ts';
import { failureOf } from '../errors.ts';

const kind = { 'trainyard-kind': 'bootstrap' };

/** A project's name is nobody else's, and so are the names of its buckets. */
export function stateBucketName(project: string): string {
  return `${project.replaceAll(/[^a-z0-9-]/g, '-')}-trainyard-bootstrap`;
}

/** Where Terraform keeps what it knows of the project: beside what it made, so that anybody who may can go on. */
export class StateBucket {
  readonly name: string;
  readonly #bucket: Bucket;
  readonly #project: string;

  constructor(auth: GoogleAuth, project: string, endpoint: string) {
    this.name = stateBucketName(project);
    this.#project = project;
    const storage = new Storage({
      projectId: project,
      authClient: auth,
      ...(endpoint && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true }),
    });
    this.#bucket = storage.bucket(this.name);
  }

  async isThere(): Promise<boolean> {
    try {
      const [{ labels }] = await this.#bucket.getMetadata();
      if (labels?.['trainyard-kind'] === kind['trainyard-kind']) return true;
    } catch (error) {
      if (codeOf(error) === 404) return false;
      if (codeOf(error) !== 403) throw failureOf(error, this.#project);
      // Also what Google answers while the API is off, or without the right to look.
      throw failureOf(error, this.#project);
    }
    throw new TrainyardError('NameTaken', `There is a bucket ${this.name} that ./x gcp bootstrap has not made.`);
  }

  /** False when it was there. */
  async make(region: string): Promise<boolean> {
    if (await this.isThere()) return false;
    try {
      await this.#bucket.create({
        location: region,
        labels: kind,
        versioning: { enabled: true },
        iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
      });
      return true;
    } catch (error) {
      if (codeOf(error) === 409 && (await this.isThere())) return false;
      throw failureOf(error, this.#project);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#bucket.deleteFiles({ versions: true, force: true });
      await this.#bucket.delete({ ignoreNotFound: true });
    } catch (error) {
      throw failureOf(error, this.#project);
    }
  }
}
