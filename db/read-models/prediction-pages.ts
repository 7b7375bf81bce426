import type { DatasetProfile } from '../../domain/dataset.ts';
import { fitToModel, type Mended, mendedBy, type ModelColumn } from '../../domain/fit-to-model.ts';
import { keptPredictionSpec, type PredictionSpec } from '../../domain/prediction-spec.ts';
import type { Knex } from 'knex';
import type { AttemptRow, DatasetRow, ModelRow, PredictionRow, ResourceRow, TimelineRow } from '../tables.ts';
import { predictionRows, type WorkRow } from './work-rows.ts';
import { reading } from './reading.ts';

export type PredictionLine = WorkRow & { row_count: number | null };

export const readPredictionsPage = reading(async (knex: Knex, workspaceId: string): Promise<PredictionLine[]> => {
  return predictionRows(knex, workspaceId)
    .select('predictions.row_count')
    .orderBy('predictions.accepted_at_ms', 'desc')
    .limit(200);
});

export interface PredictionFacts {
  prediction: PredictionRow;
  spec: PredictionSpec;
  model: { id: string; name: string; job_id: string; deleted: boolean } | null;
  dataset: { id: string; name: string; row_count: number } | null;
  attempts: AttemptRow[];
  timeline: TimelineRow[];
  resources: ResourceRow[];
  /** What its data was brought to the model by; null where one of them is not there. */
  mended: Mended | null;
}

export const readPredictionPage = reading(
  async (knex: Knex, workspaceId: string, id: string): Promise<PredictionFacts | undefined> => {
    const prediction = await knex('predictions')
      .select('predictions.*')
      .where({ 'predictions.id': id, 'predictions.workspace_id': workspaceId })
      .whereNull('predictions.deleted_at_ms')
      .first();
    if (!prediction) return undefined;
    const ofHolder = (table: string) => ({ [`${table}.holder_kind`]: 'prediction', [`${table}.holder_id`]: id });
    const [model, dataset, attempts, timeline, resources] = await Promise.all([
      knex('models').select('models.*').where('models.id', prediction.model_id).first(),
      knex('datasets').select('datasets.*').where('datasets.id', prediction.dataset_id).first(),
      knex('attempts').select('attempts.*').where(ofHolder('attempts')).orderBy('attempts.attempt'),
      knex('timeline').select('timeline.*').where(ofHolder('timeline')).orderBy(['timeline.at_ms', 'timeline.id']),
      knex('resources').select('resources.*').where(ofHolder('resources')).orderBy('resources.intended_at_ms'),
    ]);
    return {
      prediction,
      spec: keptPredictionSpec(prediction.spec_json),
      model: model
        ? { id: model.id, name: model.name, job_id: model.job_id, deleted: model.deleted_at_ms !== null }
        : null,
      dataset: dataset ? { id: dataset.id, name: dataset.name, row_count: dataset.row_count } : null,
      attempts,
      timeline,
      resources,
      mended: model && dataset ? mendedBy(fitToModel(columnsIn(model), profileIn(dataset))) : null,
    };
  },
);

const columnsIn = (model: ModelRow) => JSON.parse(model.input_schema_json) as ModelColumn[];
const profileIn = (dataset: DatasetRow) => JSON.parse(dataset.profile_json) as DatasetProfile;
