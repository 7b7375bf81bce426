import { availableParallelism } from 'node:os';
import { ChildLane } from './child-lane.ts';
import type {
  CallOptions,
  Conformed,
  ConformInput,
  Ingested,
  IngestInput,
  JsonRows,
  JsonRowsInput,
  RowsInput,
  ShownRows,
  ToCsvInput,
  ToJsonInput,
} from './data-calls.ts';
import { rejectedPath, removeStrays } from './work-folder.ts';

export interface DataWorkerSettings {
  /** The most memory one call may use before it spills to the temp folder; calls that show rows have less, beside it. */
  memoryMb: number;
  tempFolder: string;
  threads?: number | undefined;
}

/**
 * Work on data files, done in child processes. Every call fails with a TrainyardError (user: the data; platform: memory,
 * disk, a dead child), or with the reason of its `signal`. Results appear under their name when they are whole.
 */
export interface DataWorker {
  /**
   * Checks an upload (CSV, JSON lines, Excel, also packed with gzip, zstd or ZIP, or Parquet), converts it to Parquet and
   * looks at every column.
   */
  ingest(input: IngestInput & CallOptions): Promise<Ingested>;
  /** Brings data for a prediction to the columns that a model needs. */
  conform(input: ConformInput & CallOptions): Promise<Conformed>;
  /** A few rows, display-ready. Never waits behind the long calls. */
  rows(input: RowsInput & CallOptions): Promise<ShownRows>;
  /** A few rows as objects, numbers as numbers. */
  jsonRows(input: JsonRowsInput & CallOptions): Promise<JsonRows>;
  toCsv(input: ToCsvInput & CallOptions): Promise<void>;
  /** One JSON array with an object for each row. */
  toJson(input: ToJsonInput & CallOptions): Promise<void>;
  /** The processes at work or waiting for work. */
  pids(): number[];
  close(): Promise<void>;
}

const QUICK_MEMORY_MB = 256;
const QUICK_TIMEOUT_MS = 30_000;

export function openDataWorker(settings: DataWorkerSettings): DataWorker {
  const { memoryMb, tempFolder } = settings;
  const threads = settings.threads ?? availableParallelism();
  const heavy = new ChildLane({ memoryMb, threads }, tempFolder);
  const quick = new ChildLane(
    { memoryMb: Math.min(QUICK_MEMORY_MB, memoryMb), threads: Math.min(2, threads) },
    tempFolder,
  );
  const ready = removeStrays(tempFolder);
  return {
    ingest: async ({ signal, timeoutMs, ...input }) => {
      await ready;
      return heavy.call('ingest', input, [input.toParquet, rejectedPath(input)], { signal, timeoutMs });
    },
    conform: async ({ signal, timeoutMs, ...input }) => {
      await ready;
      return heavy.call('conform', input, [input.toParquet], { signal, timeoutMs });
    },
    rows: ({ signal, timeoutMs = QUICK_TIMEOUT_MS, ...input }) => quick.call('rows', input, [], { signal, timeoutMs }),
    jsonRows: ({ signal, timeoutMs = QUICK_TIMEOUT_MS, ...input }) =>
      quick.call('jsonRows', input, [], { signal, timeoutMs }),
    toCsv: async ({ signal, timeoutMs, ...input }) => {
      await heavy.call('toCsv', input, [input.path], { signal, timeoutMs });
    },
    toJson: async ({ signal, timeoutMs, ...input }) => {
      await heavy.call('toJson', input, [input.path], { signal, timeoutMs });
    },
    pids: () => [heavy.pid, quick.pid].filter((pid) => pid !== undefined),
    close: async () => {
      await Promise.all([heavy.close(), quick.close()]);
    },
  };
}
