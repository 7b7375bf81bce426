import type { Knex } from 'knex';
import type { DatasetOrigin, DatasetRow } from '../tables.ts';
import { reading } from './reading.ts';

export type DatasetLine = Omit<DatasetRow, 'profile_json' | keyof DatasetOrigin> &
  Pick<DatasetOrigin, 'version' | 'made_by_preparation_id'> & { jobs: number };

/** Datasets, newest first, each with how many jobs were trained on it. */
export const readDataPage = reading(async (knex: Knex, workspaceId: string): Promise<DatasetLine[]> => {
  const rows = await knex('datasets')
    .select(
      'datasets.id',
      'datasets.workspace_id',
      'datasets.owner',
      'datasets.name',
      'datasets.content_hash',
      'datasets.bytes',
      'datasets.row_count',
      'datasets.column_count',
      'datasets.created_at_ms',
      'datasets.deleted_at_ms',
      'datasets.version',
      'datasets.made_by_preparation_id',
    )
    .select({
      jobs: knex('jobs')
        .count('*')
        .where('jobs.dataset_id', knex.ref('datasets.id'))
        .whereNull('jobs.deleted_at_ms') as never,
    })
    .where('datasets.workspace_id', workspaceId)
    .whereNull('datasets.deleted_at_ms')
    .orderBy('datasets.created_at_ms', 'desc')
    .limit(500);
  return rows.map((row) => ({ ...row, jobs: Number(row['jobs']) })) as DatasetLine[];
});

export interface DatasetFacts {
  dataset: DatasetRow;
  jobs: { id: string; name: string; accepted_at_ms: number }[];
}

export const readDatasetPage = reading(
  async (knex: Knex, workspaceId: string, id: string): Promise<DatasetFacts | undefined> => {
    const dataset = await knex('datasets')
      .select('datasets.*')
      .where({ 'datasets.id': id, 'datasets.workspace_id': workspaceId })
      .whereNull('datasets.deleted_at_ms')
      .first();
    if (!dataset) return undefined;
    const jobs = await knex('jobs')
      .select('jobs.id', 'jobs.name', 'jobs.accepted_at_ms')
      .where('jobs.dataset_id', id)
      .whereNull('jobs.deleted_at_ms')
      .orderBy('jobs.accepted_at_ms', 'desc')
      .limit(20);
    return { dataset, jobs };
  },
);
