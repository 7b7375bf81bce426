import type { JobSpec } from '../../domain/job-spec.ts';
import type { Knex } from 'knex';
import type { ModelRow } from '../tables.ts';
import { reading } from './reading.ts';

export type ModelLine = Omit<ModelRow, 'report_json' | 'input_schema_json' | 'signature_json'> & {
  job_name: string | null;
  dataset_name: string | null;
  predictions: number;
};

const lineColumns = [
  'id',
  'workspace_id',
  'owner',
  'job_id',
  'name',
  'engine',
  'archive_hash',
  'archive_bytes',
  'metric',
  'validation_score',
  'test_score',
  'created_at_ms',
  'deleted_at_ms',
].map((column) => `models.${column}`);

export const readModelsPage = reading(async (knex: Knex, workspaceId: string): Promise<ModelLine[]> => {
  const rows = await knex('models')
    .leftJoin('jobs', 'jobs.id', 'models.job_id')
    .leftJoin('datasets', 'datasets.id', 'jobs.dataset_id')
    .select(...lineColumns)
    .select({ job_name: 'jobs.name', dataset_name: 'datasets.name' })
    .select({
      predictions: knex('predictions')
        .count('*')
        .where('predictions.model_id', knex.ref('models.id'))
        .whereNull('predictions.deleted_at_ms') as never,
    })
    .where('models.workspace_id', workspaceId)
    .whereNull('models.deleted_at_ms')
    .orderBy('models.created_at_ms', 'desc')
    .limit(500);
  return rows.map((row) => ({ ...row, predictions: Number(row['predictions']) })) as ModelLine[];
});

export interface ModelFacts {
  model: ModelRow;
  job: { id: string; name: string; spec: JobSpec; done_at_ms: number | null; deleted: boolean } | null;
  dataset: { id: string; name: string; deleted: boolean } | null;
  predictions: { id: string; accepted_at_ms: number; dataset_name: string | null; row_count: number | null }[];
}

export const readModelPage = reading(
  async (knex: Knex, workspaceId: string, id: string): Promise<ModelFacts | undefined> => {
    const model = await knex('models')
      .select('models.*')
      .where({ 'models.id': id, 'models.workspace_id': workspaceId })
      .whereNull('models.deleted_at_ms')
      .first();
    if (!model) return undefined;
    const job = await knex('jobs').select('jobs.*').where('jobs.id', model.job_id).first();
    const dataset = job && (await knex('datasets').select('datasets.*').where('datasets.id', job.dataset_id).first());
    const predictions = await knex('predictions')
      .leftJoin('datasets', 'datasets.id', 'predictions.dataset_id')
      .select('predictions.id', 'predictions.accepted_at_ms', 'predictions.row_count')
      .select({ dataset_name: 'datasets.name' })
      .where('predictions.model_id', id)
      .whereNull('predictions.deleted_at_ms')
      .orderBy('predictions.accepted_at_ms', 'desc')
      .limit(20);
    return {
      model,
      job: job
        ? {
            id: job.id,
            name: job.name,
            spec: JSON.parse(job.spec_json) as JobSpec,
            done_at_ms: job.done_at_ms,
            deleted: job.deleted_at_ms !== null,
          }
        : null,
      dataset: dataset ? { id: dataset.id, name: dataset.name, deleted: dataset.deleted_at_ms !== null } : null,
      predictions: predictions as ModelFacts['predictions'],
    };
  },
);
