import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../problem.ts';

/** Newer ones may keep more than a bucket's name; then the front of the simulation can be smaller. */
export const storageModule = 'github.com/fsouza/fake-gcs-server@v1.56.1';
export const pubsubSource = join(import.meta.dirname, '../../test/cloud-sim/gcp/pubsub');

/** What stands in for Google's storage and Pub/Sub in tests; both are Go. */
export interface CloudSimPrograms {
  pubsub: string;
  storage: string;
}

/** Named by what it was made of, so that changed source is built again, and other checkouts keep theirs. */
export function cachedCloudSim(cacheFolder: string): CloudSimPrograms & { folder: string } {
  const hash = createHash('sha256').update(storageModule);
  for (const name of readdirSync(pubsubSource).toSorted())
    hash.update(name).update(readFileSync(join(pubsubSource, name)));
  const key = hash.digest('hex').slice(0, 16);
  const folder = join(cacheFolder, 'tools', `cloud-sim-${key}-${process.platform}-${process.arch}`);
  return { folder, pubsub: join(folder, 'pubsub'), storage: join(folder, 'fake-gcs-server') };
}

export function hasCloudSim(cacheFolder: string): boolean {
  return existsSync(cachedCloudSim(cacheFolder).folder);
}

export function findCloudSim(cacheFolder: string): CloudSimPrograms {
  const { folder, pubsub, storage } = cachedCloudSim(cacheFolder);
  if (existsSync(folder)) return { pubsub, storage };
  throw new Problem(
    'What stands in for Google Cloud in tests has not been built: "./x test cloud-sim" does that, with Go.',
  );
}
