import type { Phase } from '../domain/phases.ts';
import type { Outcome } from '../domain/outcomes.ts';
import type { HolderKind } from '../domain/ids.ts';
import type { SweepPhase } from '../domain/sweep.ts';

/**
 * The rows of every table, as they are in the database. Times are UTC milliseconds (`…_at_ms`, BIGINT), money is
 * millionths of a dollar (BIGINT), JSON is text. Every table that a person's request makes carries workspace and owner.
 */
export interface Tables {
  installation: InstallationRow;
  workspaces: WorkspaceRow;
  datasets: DatasetRow;
  content_removals: ContentRemovalRow;
  jobs: JobRow;
  predictions: PredictionRow;
  models: ModelRow;
  attempts: AttemptRow;
  timeline: TimelineRow;
  places: PlaceRow;
  resources: ResourceRow;
  relays: RelayRow;
  log_tail: LogTailRow;
  log_chunks: LogChunkRow;
  metrics: MetricRow;
  leaderboard: LeaderboardRow;
  recipes: RecipeRow;
  recipe_edits: RecipeEditRow;
  recipe_versions: RecipeVersionRow;
  preparations: PreparationRow;
  uploads: UploadRow;
  sweeps: SweepRow;
}

/** Exactly one row. `schema_version` beyond what the code knows means: a data folder from a newer version. */
export interface InstallationRow {
  id: string;
  schema_version: number;
  created_at_ms: number;
  /** Set when the database was put back from a copy: reconcile then only reports. */
  restored_at_ms: number | null;
}

export interface WorkspaceRow {
  id: string;
  name: string;
  time_zone: string;
}

export interface DatasetRow {
  id: string;
  workspace_id: string;
  owner: string;
  name: string;
  content_hash: string;
  bytes: number;
  row_count: number;
  column_count: number;
  profile_json: string;
  created_at_ms: number;
  deleted_at_ms: number | null;
  /** The first of its versions; null is itself, the first. */
  family_id: string | null;
  /** Counts within the family: the same bytes read in another way, or a file that replaces another. */
  version: number;
  /** Under which name its table lies beside the bytes: the same bytes read in two ways are two tables. */
  table_name: string;
  /** How the bytes were read (ImportUsed); null when nobody kept it, or when they are its own table. */
  import_json: string | null;
  made_by_preparation_id: string | null;
  /** When the same file came again under the same name; null while it came once. */
  last_uploaded_at_ms: number | null;
}

export interface ContentRemovalRow {
  content_hash: string;
  began_at_ms: number;
}

/** What every dataset has that was uploaded and read in the plain way. */
export type DatasetOrigin = Pick<
  DatasetRow,
  'family_id' | 'version' | 'table_name' | 'import_json' | 'made_by_preparation_id'
>;

interface WorkColumns {
  id: string;
  workspace_id: string;
  owner: string;
  spec_json: string;
  phase: Phase;
  /** The sentence that says why it is in this phase. */
  sentence: string;
  outcome: Outcome | null;
  /** The sentence that says why it ended so. */
  reason: string | null;
  failure_type: string | null;
  attempt: number;
  /** Grows with every change that a page shows; pages stream by it. */
  version: number;
  accepted_at_ms: number;
  /** When the workflow was first seen to be started; null is what reconcile looks for. */
  started_at_ms: number | null;
  done_at_ms: number | null;
  cancel_asked_at_ms: number | null;
  stop_asked_at_ms: number | null;
  cost_micros: number | null;
  cost_is_final: 0 | 1;
  /** The most that it may cost, counted when it was accepted; null where nobody counted. */
  worst_micros: number | null;
  price_list_date: string | null;
  deleted_at_ms: number | null;
}

export interface JobRow extends WorkColumns {
  name: string;
  dataset_id: string;
  engine: string;
  continues_job_id: string | null;
  idempotency_key: string | null;
  /** Hash of the request behind the key: the same key with another request is refused. */
  request_hash: string | null;
  /** Latest progress, machine and result for the page: see domain/event.ts. Not the truth, a convenience. */
  progress_json: string | null;
  training_deadline_ms: number | null;
  log_deleted_at_ms: number | null;
  /** Whose trial it is, and which. */
  sweep_id: string | null;
  sweep_trial: number | null;
}

/** Several jobs that differ in settings. The trials themselves are jobs. */
export interface SweepRow {
  id: string;
  workspace_id: string;
  owner: string;
  name: string;
  dataset_id: string;
  engine: string;
  /** What models are chosen by. */
  metric: string;
  spec_json: string;
  trial_count: number;
  idempotency_key: string | null;
  request_hash: string | null;
  phase: SweepPhase;
  sentence: string;
  outcome: Outcome | null;
  reason: string | null;
  version: number;
  accepted_at_ms: number;
  started_at_ms: number | null;
  done_at_ms: number | null;
  cancel_asked_at_ms: number | null;
  stop_asked_at_ms: number | null;
  deleted_at_ms: number | null;
}

export interface PredictionRow extends WorkColumns {
  model_id: string;
  dataset_id: string;
  progress_json: string | null;
  row_count: number | null;
  /** Where the output lies in the store; null until collected. */
  output_hash: string | null;
  preview_json: string | null;
}

export interface ModelRow {
  id: string;
  workspace_id: string;
  owner: string;
  job_id: string;
  name: string;
  engine: string;
  /** sha256 of the archive in the store. */
  archive_hash: string;
  archive_bytes: number;
  /** Key id and signature by the installation key. */
  signature_json: string;
  /** Columns the model was trained on: name, sqlType, role. */
  input_schema_json: string;
  report_json: string;
  /** Chosen by, validation, held-out score: for lists. */
  metric: string;
  validation_score: number | null;
  test_score: number | null;
  created_at_ms: number;
  deleted_at_ms: number | null;
}

/** One try on one machine, of a job or a prediction. */
export interface AttemptRow {
  holder_kind: HolderKind;
  holder_id: string;
  attempt: number;
  machine_name: string;
  machine_type: string;
  cloud: string;
  spot: 0 | 1;
  price_per_hour_micros: number;
  /** The price list that was in force when the machine was asked for. */
  price_list_date: string | null;
  ends_at_ms: number;
  /** When training must stop and hand in the best so far; later when the time was extended. */
  deadline_at_ms: number;
  limited_by: 'time' | 'money';
  started_at_ms: number | null;
  ended_at_ms: number | null;
  ended_because: string | null;
  /** The latest heartbeat and hello, as events. */
  heartbeat_json: string | null;
  hello_json: string | null;
  last_heard_at_ms: number | null;
  /** The newest one that is safe in the bucket, as an event. */
  checkpoint_json: string | null;
  /** Where its machine stands or stood, in clouds with such places. */
  zone: string | null;
}

export type TimelineKind = 'phase' | 'note' | 'warning' | 'asked' | 'ending';

export interface TimelineRow {
  id: number;
  holder_kind: HolderKind;
  holder_id: string;
  at_ms: number;
  kind: TimelineKind;
  phase: Phase | null;
  attempt: number;
  text: string;
  /** Makes writing twice the same as once: unique with the holder. */
  dedupe_key: string;
}

export interface PlaceRow {
  holder_kind: HolderKind;
  holder_id: string;
  workspace_id: string;
  cloud: string;
  asked_at_ms: number;
  granted_at_ms: number | null;
}

export type ResourceKind = 'bucket' | 'signals' | 'machine';
/** intended → created → gone. `gone` without a create is a tombstone: a create that comes later is refused. */
export type ResourceState = 'intended' | 'created' | 'gone';

/** The ledger: a row before the call, struck off only when the cloud confirmed that it is gone. */
export interface ResourceRow {
  holder_kind: HolderKind;
  holder_id: string;
  kind: ResourceKind;
  /** 0 for what belongs to the holder and not to one attempt. */
  attempt: number;
  name: string;
  cloud: string;
  state: ResourceState;
  price_per_hour_micros: number;
  /** What of it is the price of a disk. */
  disk_price_per_hour_micros: number;
  /** What its cloud bills at least, however short it was there. */
  billed_at_least_seconds: number;
  intended_at_ms: number;
  /** The cloud's own times: costs follow these. */
  started_at_ms: number | null;
  ended_at_ms: number | null;
  gone_confirmed_at_ms: number | null;
  removal_asked_at_ms: number | null;
  last_problem: string | null;
}

/** One relay per attempt writes; `epoch` names which, `seq` is the contiguous watermark, `next_line` the job's next log line. */
export interface RelayRow {
  holder_kind: HolderKind;
  holder_id: string;
  attempt: number;
  epoch: string;
  seq: number;
  first_heard_at_ms: number | null;
  terminal_json: string | null;
}

/** Log lines not yet in a chunk: one row a flush. `lines_json`: [[atMs, 'o'|'e'|'m'|'p', attempt, text], …]. */
export interface LogTailRow {
  holder_kind: HolderKind;
  holder_id: string;
  first_line: number;
  line_count: number;
  bytes: number;
  lines_json: string;
}

/** Log lines in a compressed file of the store. Together with the tail they count 1, 2, 3 … without a gap. */
export interface LogChunkRow {
  holder_kind: HolderKind;
  holder_id: string;
  first_line: number;
  line_count: number;
  bytes: number;
  object: string;
}

export interface MetricRow {
  id: number;
  job_id: string;
  attempt: number;
  seq: number;
  at_ms: number;
  name: string;
  step: number;
  value: number | null;
  unit: string | null;
  higher_is_better: 0 | 1 | null;
}

export interface LeaderboardRow {
  id: number;
  job_id: string;
  attempt: number;
  seq: number;
  at_ms: number;
  model: string;
  event_json: string;
}

export interface RecipeRow {
  id: string;
  workspace_id: string;
  owner: string;
  name: string;
  /** The dataset on which it is being worked. */
  dataset_id: string;
  /** The draft: the state of `recipe_edits` at `position`. */
  steps_json: string;
  /** Names one state of the draft for ever: a number that was given is not given again. */
  position: number;
  last_position: number;
  /** 0 until a version is saved. */
  latest_version: number;
  created_at_ms: number;
  changed_at_ms: number;
  deleted_at_ms: number | null;
}

/** Every state of a draft, for undo and redo. */
export interface RecipeEditRow {
  recipe_id: string;
  position: number;
  steps_json: string;
  at_ms: number;
}

/** Never changed and never taken away: what was made with it can be made again. */
export interface RecipeVersionRow {
  recipe_id: string;
  number: number;
  steps_json: string;
  owner: string;
  at_ms: number;
}

export type PreparationPhase = Extract<Phase, 'queued' | 'preparing' | 'done'>;

/** A version of a recipe carried out on a whole dataset, which makes another dataset. */
export interface PreparationRow {
  id: string;
  workspace_id: string;
  owner: string;
  /** Of the dataset that it makes. */
  name: string;
  recipe_id: string;
  recipe_version: number;
  dataset_id: string;
  phase: PreparationPhase;
  sentence: string;
  outcome: Outcome | null;
  reason: string | null;
  failure_type: string | null;
  /** Grows with every change that a page shows. */
  version: number;
  rows_done: number;
  /** Null until it is known. */
  rows_total: number | null;
  seconds_left: number | null;
  accepted_at_ms: number;
  started_at_ms: number | null;
  done_at_ms: number | null;
  cancel_asked_at_ms: number | null;
  /** When its end was looked at; a badge counts those that were not. */
  seen_at_ms: number | null;
  output_dataset_id: string | null;
  /** Rows in and out of each step, and what they learned. */
  result_json: string | null;
  deleted_at_ms: number | null;
}

/** `receiving` → `reading` → `kept` or `refused`. */
export type UploadState = 'receiving' | 'reading' | 'kept' | 'refused';

/** A file on its way in, in parts; or from an address. */
export interface UploadRow {
  id: string;
  workspace_id: string;
  owner: string;
  name: string;
  /** Where it comes from, when Trainyard fetches it. */
  url: string | null;
  /** Null while an address did not say. */
  bytes_total: number | null;
  /** On the disk for sure. */
  bytes_received: number;
  options_json: string;
  state: UploadState;
  dataset_id: string | null;
  failure_json: string | null;
  created_at_ms: number;
  changed_at_ms: number;
}
