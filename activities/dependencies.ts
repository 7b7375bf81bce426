import type { Stores } from '../db/open-stores.ts';
import type { DataWorker } from '../data/open-data-worker.ts';
import { TrainyardError } from '../domain/failures.ts';
import type { WorkspaceLimits } from '../domain/workspace-limits.ts';
import type { Cloud } from '../infra/cloud.ts';
import type { InstallationKey } from '../infra/installation.ts';
import type { Store } from '../infra/store.ts';
import type { WorkClient } from '../temporal/work-client.ts';

/** What the activities stand on; given to every factory, so that nothing in a worker is a hidden global. */
export interface Dependencies {
  stores: Stores;
  store: Store;
  clouds: ReadonlyMap<string, Cloud>;
  data: DataWorker;
  work: WorkClient;
  key: InstallationKey;
  installationId: string;
  /** Prepares the environment of an engine where its trainers will run; says how far it is. */
  prepareEnvironment: (engine: string, onProgress: (sentence: string) => void) => Promise<unknown>;
  /** Runs `python -m trainer …` with the standard library only. */
  runTrainerTool: (args: string[]) => Promise<void>;
  /** A folder for files on their way. */
  scratchFolder: string;
  /** Free bytes where data is kept, and below what relays stop taking in more. */
  freeBytes: () => Promise<number>;
  relayStopsBelowBytes: number;
  /** Below it nothing new is begun. */
  lowDiskBytes: number;
  trustForeignModels: boolean;
  /** After how long a machine is asked for again that was not to be had, try by try; then no more. */
  machineWaitsSeconds: readonly number[];
  /** What a workspace may use at once, and in a month. */
  workspaceLimits: WorkspaceLimits;
  /** How long the log of what is done is kept. */
  logRetentionMs: number;
  /** How long the output of a done prediction, and a dataset that nothing uses, are kept: infinity for ever. */
  predictionRetentionMs: number;
  unusedDatasetRetentionMs: number;
  now: () => number;
}

export function cloudNamed({ clouds }: Pick<Dependencies, 'clouds'>, name: string): Cloud {
  const cloud = clouds.get(name);
  if (cloud) return cloud;
  const known = [...clouds.keys()].join(', ');
  throw new TrainyardError(
    'CloudUnavailable',
    `This worker is not connected to the cloud “${name}” (it has: ${known}).`,
  );
}
