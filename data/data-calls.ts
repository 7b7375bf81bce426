import type { DatasetProfile } from '../domain/dataset.ts';
import type { FailureType } from '../domain/failures.ts';
import type { ImportOptionsInput, ImportUsed } from '../domain/import-options.ts';
import type { LookCalls } from './look-calls.ts';
import type {
  RecipeCheck,
  RecipeCheckInput,
  RecipePreview,
  RecipePreviewInput,
  RecipeRun,
  RunRecipeInput,
} from './recipe/recipe-calls.ts';

/** What every call takes beside its own input. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** The call fails, and its child is interrupted, after this long. */
  timeoutMs?: number | undefined;
  /** After this long at work the call fails with GaveWay as soon as another waits behind it. */
  givesWayAfterMs?: number | undefined;
  /** Hears a few times a second how far it is. */
  onProgress?: ((progress: DataProgress) => void) | undefined;
}

export interface DataProgress {
  doing: 'learning' | 'checking' | 'arranging' | 'writing';
  /** The step that it is about. */
  stepId?: string;
  /** Of the pass through the data that is under way. */
  rows: number;
  ofRows: number;
  /** Passes that are done, and about how many there are. */
  passes: number;
  ofPasses: number;
}

export interface IngestInput {
  path: string;
  /** The name under which the person knows the file: for messages only. */
  name: string;
  toParquet: string;
  /** The most bytes the file may have, unpacked too. */
  limitBytes?: number | undefined;
  /** How to read it; what is not said is found. */
  options?: ImportOptionsInput | undefined;
  /**
   * Where rows go that were set aside, as Parquet (record, line, reason, text); `toParquet` + “.rejected” unless told.
   * Without such rows there is no file.
   */
  toRejected?: string | undefined;
}

export interface Ingested {
  /** sha256 of the bytes as uploaded. */
  contentHash: string;
  bytes: number;
  /** How it was read; `optionsOf` makes options of it that read it so again. */
  options: ImportUsed;
  /** Rows that were set aside; with the rows of the profile, all that the file has. */
  rejectedRows: number;
  profile: DatasetProfile;
}

export interface SchemaColumn {
  name: string;
  sqlType: string;
}

export interface ConformInput {
  path: string;
  /** Whether `path` is the upload itself; otherwise it is the Parquet made from it by `ingest`. */
  isCsv: boolean;
  /** The columns that the model needs; without the label. */
  schema: SchemaColumn[];
  toParquet: string;
  name?: string | undefined;
  limitBytes?: number | undefined;
  /** How to read an upload; bad rows refuse it, because each row in has one row out. */
  options?: ImportOptionsInput | undefined;
}

export interface Conformed {
  rows: number;
  columns: SchemaColumn[];
}

export interface RowsInput {
  parquet: string;
  offset?: number | undefined;
  limit: number;
  /** All columns unless told. */
  columns?: string[] | undefined;
  /** Rows from anywhere in the file, in the order of the file; the same seed gives the same rows. */
  random?: boolean | undefined;
  seed?: number | undefined;
  /** Longer cells are cut and end in “…”. */
  cellLength?: number | undefined;
}

export interface ImageCellInput {
  parquet: string;
  column: string;
  /** The number of the row in the file, from 1. */
  row: number;
}

export interface ImageCell {
  type: 'png' | 'jpeg';
  /** Base64: calls are text. */
  bytes: string;
}

export interface ShownColumn {
  name: string;
  /** The data engine's type: BIGINT, VARCHAR … */
  type: string;
}

export interface ShownRows {
  columns: ShownColumn[];
  /** Display-ready; null is missing. */
  rows: (string | null)[][];
  /** The number in the file of each row above, from 1. */
  numbers: number[];
  /** Rows in the whole file. */
  total: number;
}

export interface ToCsvInput {
  parquet: string;
  path: string;
  /**
   * A spreadsheet runs what starts with = + - @ as a formula, so in downloads such text (never a number) gets an
   * apostrophe before it, also behind blanks and behind “;”, tabs and line ends, where other cells may begin. `exact` leaves every value as it is, for programs.
   */
  exact?: boolean | undefined;
}

export interface ToJsonInput {
  parquet: string;
  path: string;
}

export interface JsonRowsInput {
  parquet: string;
  offset?: number | undefined;
  limit: number;
}

export type JsonValue = string | number | boolean | null;

export interface JsonRows {
  rows: Record<string, JsonValue>[];
  total: number;
}

export interface ProfileInput {
  parquet: string;
  /** Only these; all unless told. */
  columns?: string[] | undefined;
  /** How many of the most frequent values of each column are counted. */
  top?: number | undefined;
}

/** Each verb of the child process: what it is given, what it answers. */
export interface DataCalls extends LookCalls {
  ingest: { input: IngestInput; result: Ingested };
  conform: { input: ConformInput; result: Conformed };
  profile: { input: ProfileInput; result: DatasetProfile };
  rows: { input: RowsInput; result: ShownRows };
  jsonRows: { input: JsonRowsInput; result: JsonRows };
  imageCell: { input: ImageCellInput; result: ImageCell };
  toCsv: { input: ToCsvInput; result: null };
  toJson: { input: ToJsonInput; result: null };
  recipePreview: { input: RecipePreviewInput; result: RecipePreview };
  recipeCheck: { input: RecipeCheckInput; result: RecipeCheck };
  runRecipe: { input: RunRecipeInput; result: RecipeRun };
}

export type Verb = keyof DataCalls;

export interface Failed {
  type: FailureType | 'Aborted';
  message: string;
  hint: string | undefined;
}

export type ToChild =
  | { kind: 'call'; id: number; verb: Verb; input: unknown; workFolder: string }
  | { kind: 'abort'; id: number };

export type FromChild =
  | { id: number; result: unknown }
  | { id: number; failed: Failed }
  | { id: number; progress: DataProgress };

export interface EngineSettings {
  memoryMb: number;
  threads: number;
}
