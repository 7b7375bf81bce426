import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Dependencies } from '../../activities/dependencies.ts';
import { openDataWorker } from '../../data/open-data-worker.ts';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';
import type { ModelRow, PreparationRow } from '../../db/tables.ts';
import type { DatasetProfile } from '../../domain/dataset.ts';
import { type JobRequestInput, type JobSpec, jobSpecSchema } from '../../domain/job-spec.ts';
import { type PredictionSpec, predictionSpecSchema } from '../../domain/prediction-spec.ts';
import { type Step, stepsSchema } from '../../domain/recipe/recipe.ts';
import type { Cloud } from '../../infra/cloud.ts';
import { openInstallationKey } from '../../infra/installation.ts';
import { folderStore } from '../../infra/local/folder-store.ts';
import type { WorkClient } from '../../temporal/work-client.ts';
import { modelRow } from '../db/made-rows.ts';

export interface TestDependencies extends Dependencies {
  folder: string;
  close(): Promise<void>;
}

/** What activities stand on, all of it real, except what is given: the cloud, and who speaks to Temporal. */
export async function openTestDependencies(
  given: { cloud: Cloud; work: WorkClient } & Partial<Omit<Dependencies, 'clouds'>>,
): Promise<TestDependencies> {
  const { cloud, ...others } = given;
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-test-'));
  const scratchFolder = join(folder, 'scratch');
  mkdirSync(scratchFolder);
  const database = await openDatabase(join(folder, 'trainyard.sqlite'));
  await migrate(database);
  const stores = openStores(database);
  const { id: installationId } = await stores.installation.ensure(randomUUID(), Date.now());
  await stores.workspaces.ensure({ id: 'default', name: 'Default', time_zone: 'UTC' });
  const data = openDataWorker({ memoryMb: 256, tempFolder: scratchFolder });
  return {
    stores,
    store: folderStore(join(folder, 'store')),
    clouds: new Map([[cloud.name, cloud]]),
    data,
    key: await openInstallationKey(folder),
    installationId,
    prepareEnvironment: async () => {},
    runTrainerTool: async () => {},
    scratchFolder,
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    relayStopsBelowBytes: 0,
    lowDiskBytes: 0,
    machineWaitsSeconds: [0.1, 0.1],
    workspaceLimits: { machines: null, monthlyMicros: null },
    trustForeignModels: false,
    logRetentionMs: 365 * 86_400_000,
    predictionRetentionMs: Number.POSITIVE_INFINITY,
    unusedDatasetRetentionMs: Number.POSITIVE_INFINITY,
    now: Date.now,
    ...others,
    folder,
    async close() {
      await data.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A job as a person would ask for it, with limits that a test can wait for. */
export function jobSpecFor(datasetId: string, request: Partial<JobRequestInput> = {}): JobSpec {
  return jobSpecSchema.parse({
    id: randomUUID(),
    name: 'a job',
    datasetId,
    task: { kind: 'binary', labels: ['y'] },
    engine: { name: 'sklearn' },
    limits: { trainingSeconds: 60, silenceSeconds: 10 },
    ...request,
    workspaceId: 'default',
    owner: 'tester',
  });
}

export function predictionSpecFor(
  asked: Pick<PredictionSpec, 'modelId' | 'datasetId'> & Partial<z.input<typeof predictionSpecSchema>>,
): PredictionSpec {
  const limits = { seconds: 60, silenceSeconds: 10 };
  const ids = { id: randomUUID(), workspaceId: 'default', owner: 'tester' };
  return predictionSpecSchema.parse({ ...ids, engine: 'sklearn', limits, ...asked });
}

/** A preparation whose workflow nobody has started yet. */
export async function acceptedPreparation(
  { stores }: Pick<Dependencies, 'stores'>,
  datasetId: string,
  steps: readonly Partial<Step>[],
): Promise<PreparationRow> {
  const who = { workspace_id: 'default', owner: 'tester' };
  const nowMs = Date.now();
  const whole = steps.map((step, n) => ({ id: `s${n + 1}`, ...step }));
  const { row: recipe } = await stores.recipes.insert(
    {
      ...who,
      id: randomUUID(),
      name: 'a recipe',
      dataset_id: datasetId,
      steps_json: JSON.stringify(stepsSchema.parse(whole)),
    },
    nowMs,
  );
  await stores.recipes.saveVersion({ workspaceId: 'default', id: recipe.id, owner: 'tester', nowMs });
  const { row } = await stores.preparations.insert(
    {
      ...who,
      id: randomUUID(),
      name: 'prepared',
      recipe_id: recipe.id,
      recipe_version: 1,
      dataset_id: datasetId,
      rows_total: null,
    },
    nowMs,
  );
  return row;
}

/** A model of a job that is long done; only its row, unless the store is filled. */
export async function madeModel(
  dependencies: Pick<Dependencies, 'stores' | 'store'>,
  row: Partial<ModelRow> = {},
): Promise<ModelRow> {
  const { jobs, models } = dependencies.stores;
  const spec = jobSpecFor(await madeDataset(dependencies));
  const nowMs = Date.now();
  await jobs.insert(spec, { idempotencyKey: null, requestHash: null, nowMs });
  await jobs.enterPhase(spec.id, 'releasing', '', 1);
  await jobs.close(spec.id, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs });
  return (await models.insert(modelRow(spec.id, { name: 'a model', ...row }))).row;
}

/** A dataset of which only the profile is looked at: columns x and y. */
export async function madeDataset({ stores, store }: Pick<Dependencies, 'stores' | 'store'>): Promise<string> {
  const id = randomUUID();
  const contentHash = id.replaceAll('-', '');
  const column = { missing: 0, distinct: 2, min: '0', max: '1', mean: 0.5, top: [], histogram: [], remarks: [] };
  const profile: DatasetProfile = {
    rows: 2,
    columns: [
      { ...column, name: 'x', type: 'number', sqlType: 'DOUBLE' },
      { ...column, name: 'y', type: 'whole number', sqlType: 'BIGINT' },
    ],
  };
  await store.putText(`datasets/${contentHash}/data.parquet`, 'rows');
  await stores.datasets.insert({
    id,
    workspace_id: 'default',
    owner: 'tester',
    name: 'data.csv',
    content_hash: contentHash,
    bytes: 4,
    row_count: 2,
    column_count: 2,
    profile_json: JSON.stringify(profile),
    created_at_ms: Date.now(),
  });
  return id;
}
