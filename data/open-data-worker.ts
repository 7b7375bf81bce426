import { availableParallelism } from 'node:os';
import type { DatasetProfile } from '../domain/dataset.ts';
import { ChildLane, GaveWay } from './child-lane.ts';
import type {
  CallOptions,
  Conformed,
  ConformInput,
  Ingested,
  ImageCell,
  ImageCellInput,
  IngestInput,
  JsonRows,
  JsonRowsInput,
  ProfileInput,
  RowsInput,
  ShownRows,
  ToCsvInput,
  ToJsonInput,
} from './data-calls.ts';
import type {
  AgainstLabel,
  AgainstLabelInput,
  LookCloserInput,
  LookedCloser,
  Relation,
  RelationInput,
} from './look-calls.ts';
import { lookupPaths, looksUp } from './recipe/lookups.ts';
import type {
  RecipeCheck,
  RecipeCheckInput,
  RecipePreview,
  RecipePreviewInput,
  RecipeRun,
  RunRecipeInput,
} from './recipe/recipe-calls.ts';
import { TakeOver } from './take-over.ts';
import { rejectedPath, removeStrays } from './work-folder.ts';

export interface DataWorkerSettings {
  /** The most memory one call may use before it spills to the temp folder; calls that show rows have less, beside it. */
  memoryMb: number;
  tempFolder: string;
  threads?: number | undefined;
  /** The longest that reading one upload may take: after it the child is ended, and the next upload has its turn. */
  readLimitMs?: number | undefined;
  /** A quick preview that takes longer lets those who wait go first, and goes on beside them. */
  quickLimitMs?: number | undefined;
}

/** Whose preview it is: a recipe in a browser's tab. */
export interface Keyed {
  key?: string | undefined;
}

/**
 * Work on data files, done in child processes. Every call fails with a TrainyardError (user: the data; platform: memory,
 * disk, a dead child), or with the reason of its `signal`. Results appear under their name when they are whole.
 */
export interface DataWorker {
  /**
   * Checks an upload (CSV, JSON lines, Excel, also packed with gzip, zstd or ZIP, or Parquet) or images (a zip or tar of them, NumPy's .npz, IDX), converts it to Parquet and
   * looks at every column.
   */
  ingest(input: IngestInput & CallOptions): Promise<Ingested>;
  /** Brings data for a prediction to the columns that a model needs. */
  conform(input: ConformInput & CallOptions): Promise<Conformed>;
  /** A few rows, display-ready. Never waits behind the long calls. */
  rows(input: RowsInput & CallOptions): Promise<ShownRows>;
  /** A few rows as objects, numbers as numbers. */
  jsonRows(input: JsonRowsInput & CallOptions): Promise<JsonRows>;
  /** One image of a table, for a page. Never waits behind the long calls. */
  imageCell(input: ImageCellInput & CallOptions): Promise<ImageCell>;
  /** Columns of images are left out, as in `toJson`. */
  toCsv(input: ToCsvInput & CallOptions): Promise<void>;
  /** One JSON array with an object for each row. */
  toJson(input: ToJsonInput & CallOptions): Promise<void>;
  /**
   * What a step of a recipe makes of a few rows, quickly; or `exact`, from the whole file. With a `key`, it ends the call
   * of the same key that is still under way, which fails with an AbortError.
   */
  recipePreview(input: RecipePreviewInput & Keyed & CallOptions): Promise<RecipePreview>;
  /** What every step does to the whole file. Never waits behind the long calls; `key` as above. */
  recipeCheck(input: RecipeCheckInput & Keyed & CallOptions): Promise<RecipeCheck>;
  /** Carries a recipe out on the whole file; beside uploads, one at a time. */
  runRecipe(input: RunRecipeInput & CallOptions): Promise<RecipeRun>;
  /** Looks at every column of a table that was made here; beside full runs, not beside uploads. */
  profile(input: ProfileInput & CallOptions): Promise<DatasetProfile>;
  /** How the columns have to do with each other, by a sample: correlations and near copies. */
  lookCloser(input: LookCloserInput & CallOptions): Promise<LookedCloser>;
  /** What each column has to do with the label, by a sample; what is almost a copy of it has a hint. */
  againstLabel(input: AgainstLabelInput & CallOptions): Promise<AgainstLabel>;
  /** Two columns, by a sample, ready to be drawn. */
  relation(input: RelationInput & CallOptions): Promise<Relation>;
  /** The processes at work or waiting for work. */
  pids(): number[];
  close(): Promise<void>;
}

const QUICK_MEMORY_MB = 256;
const QUICK_TIMEOUT_MS = 30_000;
/** What is quick answers in a tenth of this; more of it, and one person's slow recipe is felt by all others. */
const QUICK_LIMIT_MS = 1500;
/** So that no file holds the lane for ever; generous, because a slow disk is no fault of the file. */
const READ_LIMIT_MS = 3_600_000;
const LOOKING_MEMORY_MB = 512;
const LOOKING_TIMEOUT_MS = 120_000;

export function openDataWorker(settings: DataWorkerSettings): DataWorker {
  const { memoryMb, tempFolder, readLimitMs = READ_LIMIT_MS } = settings;
  const threads = settings.threads ?? availableParallelism();
  const heavy = new ChildLane({ memoryMb, threads }, tempFolder);
  const quick = new ChildLane(
    { memoryMb: Math.min(QUICK_MEMORY_MB, memoryMb), threads: Math.min(2, threads) },
    tempFolder,
  );
  // Lanes of their own: a check answers somebody who waits, and a run of an hour must not keep an upload waiting.
  const checking = new ChildLane({ memoryMb, threads }, tempFolder);
  const preparing = new ChildLane({ memoryMb, threads }, tempFolder);
  const looking = new ChildLane({ memoryMb: Math.min(LOOKING_MEMORY_MB, memoryMb), threads }, tempFolder);
  // For previews that are not quick, so that only such ones wait for them.
  const patient = new ChildLane({ memoryMb, threads: Math.min(2, threads) }, tempFolder);
  const lanes = [heavy, quick, checking, preparing, looking, patient];
  const takeOver = new TakeOver();
  const ready = removeStrays(tempFolder);
  const previewQuickly = async (input: RecipePreviewInput, { signal, timeoutMs = QUICK_TIMEOUT_MS }: CallOptions) => {
    // A large table to look into needs memory and time, once: that is nothing for the line of quick ones.
    if (looksUp(input)) {
      return (input.training ? checking : patient).call('recipePreview', input, [], { signal, timeoutMs });
    }
    const givesWayAfterMs = settings.quickLimitMs ?? QUICK_LIMIT_MS;
    try {
      return await quick.call('recipePreview', input, [], { signal, timeoutMs, givesWayAfterMs });
    } catch (error) {
      if (!(error instanceof GaveWay)) throw error;
      return patient.call('recipePreview', input, [], { signal, timeoutMs });
    }
  };
  return {
    ingest: async ({ signal, timeoutMs, ...input }) => {
      await ready;
      return heavy.call('ingest', input, [input.toParquet, rejectedPath(input)], { signal, timeoutMs }, readLimitMs);
    },
    conform: async ({ signal, timeoutMs, ...input }) => {
      await ready;
      return heavy.call('conform', input, [input.toParquet], { signal, timeoutMs }, readLimitMs);
    },
    rows: ({ signal, timeoutMs = QUICK_TIMEOUT_MS, ...input }) => quick.call('rows', input, [], { signal, timeoutMs }),
    jsonRows: ({ signal, timeoutMs = QUICK_TIMEOUT_MS, ...input }) =>
      quick.call('jsonRows', input, [], { signal, timeoutMs }),
    imageCell: ({ signal, timeoutMs = QUICK_TIMEOUT_MS, ...input }) =>
      quick.call('imageCell', input, [], { signal, timeoutMs }),
    toCsv: async ({ signal, timeoutMs, ...input }) => {
      await heavy.call('toCsv', input, [input.path], { signal, timeoutMs });
    },
    toJson: async ({ signal, timeoutMs, ...input }) => {
      await heavy.call('toJson', input, [input.path], { signal, timeoutMs });
    },
    recipePreview: ({ signal, timeoutMs, key, onProgress, ...input }) =>
      takeOver.call(key === undefined || !input.exact ? key : `exact ${key}`, signal, (stopped) =>
        input.exact
          ? checking.call('recipePreview', input, [], { signal: stopped, timeoutMs, onProgress })
          : previewQuickly(input, { signal: stopped, timeoutMs }),
      ),
    recipeCheck: ({ signal, timeoutMs, key, onProgress, ...input }) =>
      takeOver.call(key === undefined ? key : `check ${key}`, signal, (stopped) =>
        checking.call('recipeCheck', input, [], { signal: stopped, timeoutMs, onProgress }),
      ),
    runRecipe: async ({ signal, timeoutMs, onProgress, ...input }) => {
      await ready;
      const { toParquet, toCsv } = input;
      const writes = [toParquet, ...(toCsv === undefined ? [] : [toCsv]), ...lookupPaths(input)];
      return preparing.call('runRecipe', input, writes, { signal, timeoutMs, onProgress });
    },
    profile: ({ signal, timeoutMs, ...input }) => preparing.call('profile', input, [], { signal, timeoutMs }),
    lookCloser: ({ signal, timeoutMs = LOOKING_TIMEOUT_MS, ...input }) =>
      looking.call('lookCloser', input, [], { signal, timeoutMs }),
    againstLabel: ({ signal, timeoutMs = LOOKING_TIMEOUT_MS, ...input }) =>
      looking.call('againstLabel', input, [], { signal, timeoutMs }),
    relation: ({ signal, timeoutMs = LOOKING_TIMEOUT_MS, ...input }) =>
      looking.call('relation', input, [], { signal, timeoutMs }),
    pids: () => lanes.map(({ pid }) => pid).filter((pid) => pid !== undefined),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}
