import { eventSchema } from '../../domain/event.ts';
import type { DatasetProfile } from '../../domain/dataset.ts';
import { type ImportUsed, importUsedSchema } from '../../domain/import-options.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import type {
  AttemptRow,
  DatasetRow,
  JobRow,
  LeaderboardRow,
  MetricRow,
  ModelRow,
  PredictionRow,
  ResourceRow,
  TimelineRow,
} from '../../db/tables.ts';
import {
  type AttemptView,
  type DatasetDetail,
  type DatasetSummary,
  type InputColumn,
  type JobSummary,
  type LeaderboardEntry,
  type ModelDetail,
  type ModelSummary,
  type PredictionSummary,
  type ResourceView,
  type TimelineEntry,
  progressSchema,
} from './views.ts';

/** Rows of the database as services answer with them: JSON parsed, 0 and 1 as yes and no. */

export function datasetSummary(row: DatasetRow): DatasetSummary {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    contentHash: row.content_hash,
    bytes: row.bytes,
    rows: row.row_count,
    columnCount: row.column_count,
    createdAtMs: row.created_at_ms,
    familyId: row.family_id ?? row.id,
    version: row.version,
    madeByPreparationId: row.made_by_preparation_id,
  };
}

/** How it was read, and how many rows were set aside then. */
export function importOf(row: DatasetRow): Pick<DatasetDetail, 'import' | 'rejectedRows'> {
  if (row.import_json === null) return { import: null, rejectedRows: 0 };
  const kept = JSON.parse(row.import_json) as ImportUsed & { rejectedRows?: number };
  return { import: importUsedSchema.parse(kept), rejectedRows: kept.rejectedRows ?? 0 };
}

export function profileOf(row: DatasetRow): DatasetProfile {
  return JSON.parse(row.profile_json) as DatasetProfile;
}

export function datasetDetail(row: DatasetRow): DatasetDetail {
  return { ...datasetSummary(row), columns: profileOf(row).columns, ...importOf(row) };
}

function workPart(row: JobRow | PredictionRow) {
  return {
    id: row.id,
    owner: row.owner,
    phase: row.phase,
    sentence: row.sentence,
    outcome: row.outcome,
    reason: row.reason,
    failureType: row.failure_type,
    attempt: row.attempt,
    version: row.version,
    acceptedAtMs: row.accepted_at_ms,
    startedAtMs: row.started_at_ms,
    doneAtMs: row.done_at_ms,
    cancelAskedAtMs: row.cancel_asked_at_ms,
    stopAskedAtMs: row.stop_asked_at_ms,
    cost: { micros: row.cost_micros ?? 0, isFinal: row.cost_is_final === 1, priceListDate: row.price_list_date },
    progress: progressOf(row.progress_json),
  };
}

/** The latest progress, for the page; what does not read as one is as if there were none. */
export function progressOf(json: string | null): JobSummary['progress'] {
  if (json === null) return null;
  return progressSchema.safeParse(JSON.parse(json)).data ?? null;
}

export function specOf(row: JobRow): JobSpec {
  return JSON.parse(row.spec_json) as JobSpec;
}

export function jobSummary(row: JobRow, modelId: string | null): JobSummary {
  return {
    ...workPart(row),
    name: row.name,
    datasetId: row.dataset_id,
    engine: row.engine,
    task: specOf(row).task,
    continuesJobId: row.continues_job_id,
    sweep: row.sweep_id === null ? null : { id: row.sweep_id, trial: row.sweep_trial ?? 0 },
    modelId,
  };
}

export function predictionSummary(row: PredictionRow): PredictionSummary {
  return {
    ...workPart(row),
    modelId: row.model_id,
    datasetId: row.dataset_id,
    rows: row.row_count,
    hasOutput: row.output_hash !== null,
  };
}

export function modelSummary(row: ModelRow): ModelSummary {
  return {
    id: row.id,
    jobId: row.job_id,
    name: row.name,
    engine: row.engine,
    owner: row.owner,
    metric: row.metric,
    validationScore: row.validation_score,
    testScore: row.test_score,
    archiveBytes: row.archive_bytes,
    archiveHash: row.archive_hash,
    createdAtMs: row.created_at_ms,
  };
}

export function inputSchemaOf(row: ModelRow): InputColumn[] {
  return JSON.parse(row.input_schema_json) as InputColumn[];
}

export function modelDetail(row: ModelRow): ModelDetail {
  return {
    ...modelSummary(row),
    inputSchema: inputSchemaOf(row),
    signature: JSON.parse(row.signature_json) as Record<string, unknown>,
    report: JSON.parse(row.report_json) as Record<string, unknown>,
  };
}

export function attemptView(row: AttemptRow): AttemptView {
  return {
    attempt: row.attempt,
    machineName: row.machine_name,
    machineType: row.machine_type,
    cloud: row.cloud,
    spot: row.spot === 1,
    pricePerHourMicros: row.price_per_hour_micros,
    endsAtMs: row.ends_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    endedBecause: row.ended_because,
    lastHeardAtMs: row.last_heard_at_ms,
    heartbeat: eventOrNull(row.heartbeat_json),
    hello: eventOrNull(row.hello_json),
  };
}

export function eventOrNull(json: string | null): Record<string, unknown> | null {
  return json === null ? null : (JSON.parse(json) as Record<string, unknown>);
}

export function timelineEntry(row: TimelineRow): TimelineEntry {
  return { atMs: row.at_ms, kind: row.kind, phase: row.phase, attempt: row.attempt, text: row.text };
}

export function resourceView(row: ResourceRow): ResourceView {
  return {
    kind: row.kind,
    attempt: row.attempt,
    name: row.name,
    cloud: row.cloud,
    state: row.state,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    goneConfirmedAtMs: row.gone_confirmed_at_ms,
    lastProblem: row.last_problem,
  };
}

export function leaderboardEntry(row: LeaderboardRow): LeaderboardEntry {
  const event = eventSchema.parse(JSON.parse(row.event_json));
  if (event.type !== 'leaderboard') throw new Error(`A leaderboard row holds an event of type ${event.type}.`);
  const { type: _type, seq: _seq, ...entry } = event;
  return { id: row.id, attempt: row.attempt, ...entry };
}

export interface MetricPoint {
  id: number;
  attempt: number;
  atMs: number;
  name: string;
  step: number;
  value: number | null;
  unit: string | null;
  higherIsBetter: boolean | null;
}

export function metricPoint(row: MetricRow): MetricPoint {
  return {
    id: row.id,
    attempt: row.attempt,
    atMs: row.at_ms,
    name: row.name,
    step: row.step,
    value: row.value,
    unit: row.unit,
    higherIsBetter: row.higher_is_better === null ? null : row.higher_is_better === 1,
  };
}
