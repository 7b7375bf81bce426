import type { Readable } from 'node:stream';
import type { ShownRows } from '../../data/data-calls.ts';
import type { JobSort } from '../../db/stores/job-store.ts';
import type { Engine } from '../../domain/engine.ts';
import type { ReadSettings } from '../../infra/engine-settings.ts';
import type { TaskGuess } from '../../domain/guess-task.ts';
import type { Holder } from '../../domain/ids.ts';
import type { JobRequestInput, JobSpec } from '../../domain/job-spec.ts';
import type { Micros } from '../../domain/money.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Outcome } from '../../domain/outcomes.ts';
import type { Allow } from '../../domain/prediction-spec.ts';
import type { ByteRange } from '../../infra/store.ts';
import type { ExtendAnswer } from '../../workflows/messages.ts';
import type { ImportOptionsInput } from '../../domain/import-options.ts';
import type { LookService } from './look-service.ts';
import type { MachineService } from './machine-service.ts';
import type { PredictionMoney } from './prediction-money.ts';
import type { PreparationService } from './preparation-service.ts';
import type { RecipeService } from './recipe-service.ts';
import type { SweepService } from './sweep-service.ts';
import type { UploadService } from './upload-service.ts';
import type {
  DatasetDetail,
  DatasetVersion,
  DatasetSummary,
  FieldProblem,
  JobDetail,
  JobEstimate,
  JobSummary,
  LogLine,
  MetricSeries,
  ModelDetail,
  ModelSummary,
  PredictionDetail,
  PredictionSummary,
  WorstCase,
} from './views.ts';

/** Who asks. Every query is scoped by the workspace. */
export interface Who {
  workspaceId: string;
  owner: string;
}

/** A request that was understood and refused, field by field. */
export interface Rejected {
  problems: FieldProblem[];
}

export interface Page<T> {
  items: T[];
  total: number;
  offset: number;
  limit: number;
}

export interface Sample {
  name: string;
  title: string;
  summary: string;
  /** Who gathered it, and under what licence it may be used. */
  source: string;
  label: string;
  task: string;
}

/** A file to send: open it only when it is really sent, and only the part that was asked for. */
export interface Download {
  fileName: string;
  contentType: string;
  /** Null when it is made on the way. */
  bytes: number | null;
  /** Changes whenever the content does. */
  etag: string | null;
  open(range?: ByteRange): Promise<Readable> | Readable;
  /** When it was sent or given up: lets go of what was made for it. */
  close?(): Promise<void>;
}

export interface Removal {
  /** What goes, in words: "the model (2.1 MB)". */
  goes: string[];
  stays: string[];
  /** Why it cannot be removed now; null when it can. */
  refusal: string | null;
}

export interface UploadedFile {
  path: string;
  name: string;
}

export interface DatasetService {
  /** The file at `path` is read, never moved; whoever made it removes it. Throws a refusal with row, column and mend. */
  upload(who: Who, file: UploadedFile): Promise<DatasetDetail>;
  samples(): Promise<Sample[]>;
  addSample(who: Who, name: string): Promise<DatasetDetail>;
  get(who: Who, id: string): Promise<DatasetDetail>;
  list(who: Who, query: { search?: string; offset?: number; limit?: number }): Promise<Page<DatasetSummary>>;
  preview(who: Who, id: string, query: { offset?: number; limit?: number; random?: boolean }): Promise<ShownRows>;
  /** One image of its table, as a page shows it; `row` from 1. */
  image(who: Who, id: string, cell: { column: string; row: number }): Promise<ShownImage>;
  /** What somebody probably wants to predict, or with a label what kind of task it asks for. */
  guess(who: Who, id: string, label?: string): Promise<TrainingGuess>;
  /** The same bytes, read in another way: another version of it. */
  reimport(who: Who, id: string, options: ImportOptionsInput): Promise<{ dataset: DatasetDetail; created: boolean }>;
  rename(who: Who, id: string, name: string): Promise<DatasetDetail>;
  /** Its versions, newest first, with what each was made from. */
  history(who: Who, id: string): Promise<DatasetVersion[]>;
  /** As a table for other programs, or as it was uploaded. */
  download(who: Who, id: string, format: DatasetFormat): Promise<Download>;
  /** Rows that were set aside when it was read. */
  rejected(who: Who, id: string, query: { offset?: number; limit?: number }): Promise<ShownRows>;
  removal(who: Who, id: string): Promise<Removal>;
  remove(who: Who, id: string): Promise<Removal>;
}

export interface ShownImage {
  contentType: 'image/png' | 'image/jpeg';
  bytes: Buffer;
}

export type DatasetFormat = 'csv' | 'parquet' | 'original';

export interface TrainingGuess extends TaskGuess {
  label: string;
  labelWhy: string;
}

export interface JobCheck {
  /** Complete, with every default filled in; absent when there are problems. */
  spec?: JobSpec;
  problems: FieldProblem[];
  /** What a person should know before they agree; not a reason to refuse. */
  warnings: string[];
  worstCase?: WorstCase;
  /** Its machine is billed: it is refused without a cap. */
  needsBudget?: boolean;
  /** Memory and time that it will probably need; absent where the engine says nothing of it. */
  estimate?: JobEstimate;
  /** What will be created, in words, in order. */
  creates: string[];
  /** Of the trials that were asked about, what the engine has against each. */
  trialProblems?: (FieldProblem | null)[];
}

export interface JobListQuery {
  phase?: Phase;
  outcome?: Outcome;
  /** True: only those not done; false: only those done. */
  open?: boolean;
  engine?: string;
  datasetId?: string;
  /** Part of the name. */
  search?: string;
  sort?: JobSort;
  order?: 'asc' | 'desc';
  offset?: number;
  limit?: number;
}

export interface Asked {
  /** What happens next, in a sentence for the person who asked. */
  sentence: string;
  /** False when the workflow could not be told yet; reconcile will. */
  delivered: boolean;
}

export interface JobService {
  /** `trials`: settings that the job is to be judged with, in place of its own, as far as its engine judges them. */
  check(who: Who, request: unknown, trials?: readonly JobSpec['engine']['settings'][]): Promise<JobCheck>;
  /** The same id or key twice is one job; the same key with another request is refused (409). */
  accept(
    who: Who,
    request: unknown,
    options?: { idempotencyKey?: string },
  ): Promise<{ job: JobSummary; sentence: string; created: boolean } | Rejected>;
  get(who: Who, id: string): Promise<JobDetail>;
  list(who: Who, query: JobListQuery): Promise<Page<JobSummary>>;
  metrics(who: Who, id: string): Promise<MetricSeries[]>;
  cancel(who: Who, id: string): Promise<Asked>;
  stop(who: Who, id: string): Promise<Asked>;
  /** Request: `{trainingSeconds}`, the new limit over all attempts. Needs Temporal: the answer is the workflow's. */
  extend(who: Who, id: string, request: unknown): Promise<ExtendAnswer & { sentence: string }>;
  removal(who: Who, id: string, options: { withLog: boolean }): Promise<Removal>;
  remove(who: Who, id: string, options: { withLog: boolean }): Promise<Removal>;
  requestLike(who: Who, id: string): Promise<JobRequestInput>;
  requestContinuing(who: Who, id: string, extraSeconds: number): Promise<JobRequestInput>;
}

export type OutputFormat = 'csv' | 'json' | 'parquet';

export interface PredictionAccepted {
  prediction: PredictionSummary;
  sentence: string;
  created: boolean;
}

export interface PredictionService {
  accept(who: Who, request: unknown): Promise<PredictionAccepted | Rejected>;
  /** For a new file: kept as a dataset, and not kept when the model cannot use it. */
  acceptUpload(
    who: Who,
    modelId: string,
    file: UploadedFile,
    asked?: { id?: string | undefined; allow?: Allow | undefined; budgetMicros?: Micros | null | undefined },
  ): Promise<PredictionAccepted | Rejected>;
  /** What one with this model costs at worst, before any cap. */
  money(who: Who, modelId: string): Promise<PredictionMoney>;
  get(who: Who, id: string): Promise<PredictionDetail>;
  list(who: Who, query: { modelId?: string; offset?: number; limit?: number }): Promise<Page<PredictionSummary>>;
  cancel(who: Who, id: string): Promise<Asked>;
  output(who: Who, id: string, format: OutputFormat): Promise<Download>;
  removal(who: Who, id: string): Promise<Removal>;
  remove(who: Who, id: string): Promise<Removal>;
}

export interface ModelService {
  get(who: Who, id: string): Promise<ModelDetail>;
  list(who: Who, query: { offset?: number; limit?: number; search?: string }): Promise<Page<ModelSummary>>;
  /** Throws a 404 that says why when the job left none. */
  ofJob(who: Who, jobId: string): Promise<ModelDetail>;
  archive(who: Who, id: string): Promise<Download>;
  /** A file beside the archive, as its report names it. */
  extra(who: Who, id: string, name: string): Promise<Download>;
  reportHtml(who: Who, id: string): Promise<Download>;
  removal(who: Who, id: string): Promise<Removal>;
  remove(who: Who, id: string): Promise<Removal>;
}

export interface LogSearch {
  /** Over the whole log, not only what is returned. */
  total: number;
  matches: LogLine[];
}

/** Reads the log of one job or prediction: chunk files, then the tail. Lines count 1, 2, 3 … over all attempts. */
export interface LogService {
  count(who: Who, holder: Holder): Promise<number>;
  tail(who: Who, holder: Holder, lines?: number): Promise<LogLine[]>;
  before(who: Who, holder: Holder, line: number, lines?: number): Promise<LogLine[]>;
  range(who: Who, holder: Holder, from: number, limit: number): Promise<LogLine[]>;
  search(who: Who, holder: Holder, query: { text: string; from?: number; limit?: number }): Promise<LogSearch>;
  raw(who: Who, holder: Holder): Promise<Download>;
}

export interface EngineService {
  list(): Promise<(Engine & { ready: boolean })[]>;
  get(name: string): Promise<Engine | undefined>;
  /** A file of settings as people have it (`hyperparams.json`), in the names of the engine; what was not understood is told. */
  readSettings(name: string, text: string): Promise<ReadSettings>;
}

export interface HealthCheck {
  name: string;
  ok: boolean;
  sentence: string;
}

export interface HealthService {
  ready(): Promise<{ ready: boolean; checks: HealthCheck[] }>;
  /** The sentence that refuses new work when the disk is low; undefined when there is room. */
  lowDisk(): Promise<string | undefined>;
}

/** All that pages and the JSON API can ask for; both call these same functions. */
/** What is kept for good, and how much room there is for more. */
export interface StorageView {
  usedBytes: number;
  freeBytes: number;
  logRetentionDays: number;
  countedAtMs: number;
}

export interface StorageService {
  look(): Promise<StorageView>;
}

export interface Services {
  recipes: RecipeService;
  preparations: PreparationService;
  uploads: UploadService;
  looks: LookService;
  datasets: DatasetService;
  jobs: JobService;
  sweeps: SweepService;
  predictions: PredictionService;
  models: ModelService;
  log: LogService;
  engines: EngineService;
  machines: MachineService;
  storage: StorageService;
  health: HealthService;
}
