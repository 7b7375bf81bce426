import type { DataWorker } from '../../data/open-data-worker.ts';
import type { Stores } from '../../db/open-stores.ts';
import type { Engine } from '../../domain/engine.ts';
import type { WorkspaceLimits } from '../../domain/workspace-limits.ts';
import type { Cloud } from '../../infra/cloud.ts';
import type { CheckByEngine } from '../../infra/engine-check.ts';
import type { ReadSettings } from '../../infra/engine-settings.ts';
import type { PublicDownload } from '../../infra/public-download.ts';
import type { Store } from '../../infra/store.ts';
import type { WorkClient } from '../../temporal/work-client.ts';
import type { LogReader } from '../live/log-reader.ts';

/** What the services stand on; the composition root opens it, tests open their own. */
export interface ServiceOptions {
  stores: Stores;
  store: Store;
  data: DataWorker;
  work: WorkClient;
  clouds: readonly Cloud[];
  log: LogReader;
  engines: {
    describe: () => Promise<Engine[]>;
    /** Whether its environment is there, so that a job need not wait for a download. */
    isReady: (engine: string) => boolean | Promise<boolean>;
    /** A file of settings in the names of the engine; absent where only its own names are known. */
    readSettings?: (engine: Engine, text: string) => Promise<ReadSettings>;
    /** What an engine itself has against a job; absent where only its machine is asked. */
    check?: CheckByEngine;
  };
  /** The folder with samples.json and the files that it names. */
  samplesFolder: string;
  tempFolder: string;
  uploadLimitMb: number;
  /** Fetches files from public addresses; absent where that is switched off. */
  fetchUrl?: PublicDownload;
  freeBytes: () => Promise<number>;
  /** Below it, nothing new is accepted. */
  lowDiskBytes: number;
  /** What a workspace may use at once, and in a month; no limits unless told. */
  workspaceLimits?: WorkspaceLimits;
  /** How long the log of a done job is kept. */
  logRetentionDays: number;
  /** Failures that nobody waits for. */
  onError: (error: unknown) => void;
  now?: () => number;
}
