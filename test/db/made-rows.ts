import { randomUUID } from 'node:crypto';
import type { Stores } from '../../db/open-stores.ts';
import type { DatasetRow, ModelRow } from '../../db/tables.ts';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import { type JobSpec, jobSpecSchema } from '../../domain/job-spec.ts';
import { type PredictionSpec, predictionSpecSchema } from '../../domain/prediction-spec.ts';

export const workspaceId = 'default';
/** Beyond 32 bits, like every real time in milliseconds. */
export const nowMs = 1_790_000_000_123;

export type NewDataset = Parameters<Stores['datasets']['insert']>[0];

export function datasetRow(given: Partial<NewDataset> = {}): NewDataset {
  return {
    id: randomUUID(),
    workspace_id: workspaceId,
    owner: 'tester',
    name: 'flowers.csv',
    content_hash: randomUUID().replaceAll('-', '').padEnd(64, '0'),
    bytes: 5_000_000_000,
    row_count: 150,
    column_count: 5,
    profile_json: '{"rows":150,"columns":[]}',
    created_at_ms: nowMs,
    ...given,
  };
}

export function jobSpec(datasetId: string, given: Partial<JobSpec> = {}): JobSpec {
  return jobSpecSchema.parse({
    id: randomUUID(),
    workspaceId,
    owner: 'tester',
    name: 'Iris — première passe 🌷',
    datasetId,
    task: { kind: 'multiclass', labels: ['species'] },
    engine: { name: 'sklearn' },
    ...given,
  });
}

export function predictionSpec(modelId: string, datasetId: string, given: Partial<PredictionSpec> = {}) {
  const spec = { id: randomUUID(), workspaceId, owner: 'tester', modelId, datasetId, engine: 'sklearn', ...given };
  return predictionSpecSchema.parse(spec);
}

export function modelRow(jobId: string, given: Partial<ModelRow> = {}): Omit<ModelRow, 'deleted_at_ms'> {
  return {
    id: randomUUID(),
    workspace_id: workspaceId,
    owner: 'tester',
    job_id: jobId,
    name: 'Iris',
    engine: 'sklearn',
    archive_hash: 'a'.repeat(64),
    archive_bytes: 12_345,
    signature_json: '{}',
    input_schema_json: '[]',
    report_json: '{}',
    metric: 'log_loss',
    validation_score: 0.1,
    test_score: null,
    created_at_ms: nowMs,
    ...given,
  };
}

export async function madeDataset(stores: Stores, given: Partial<DatasetRow> = {}): Promise<string> {
  return (await stores.datasets.insert(datasetRow(given))).row.id;
}

export async function madeJob(stores: Stores, given: Partial<JobSpec> = {}): Promise<Holder> {
  const spec = jobSpec(given.datasetId ?? (await madeDataset(stores)), given);
  await stores.jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs });
  return { kind: 'job', id: spec.id };
}

export async function madeAttempt(stores: Stores, attempt = 1): Promise<AttemptRef> {
  const ref: AttemptRef = { ...(await madeJob(stores)), attempt };
  await openAttempt(stores, ref);
  return ref;
}

export async function openAttempt(stores: Stores, ref: AttemptRef): Promise<void> {
  await stores.attempts.open(ref, {
    machineName: `machine-${ref.attempt}`,
    machineType: 'local',
    cloud: 'local',
    spot: false,
    pricePerHourMicros: 3_600_000,
    priceListDate: '2026-11-01',
    endsAtMs: nowMs + 600_000,
    deadlineAtMs: nowMs + 500_000,
    limitedBy: 'time',
  });
}
