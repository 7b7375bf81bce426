import type { PredictionSpec } from '../../domain/prediction-spec.ts';
import type { Database, Trx } from '../database.ts';
import { inScope, type PageOf } from '../scope.ts';
import type { PredictionRow } from '../tables.ts';
import { IdempotencyConflict } from './job-store.ts';
import { workStore } from './work-store.ts';

export interface PredictionListing extends PageOf {
  modelId?: string;
  datasetId?: string;
}

export interface PredictionOutput {
  rowCount: number;
  outputHash: string;
  previewJson: string;
}

export function predictionStore(database: Database) {
  const { change, ...work } = workStore<PredictionRow>(database, 'prediction');
  return {
    ...work,

    /** Accepts a prediction: the same id twice is the same as once. */
    async insert(
      spec: PredictionSpec,
      order: { nowMs: number; sentence?: string; worstMicros?: number },
      trx?: Trx,
    ): Promise<{ inserted: boolean; row: PredictionRow }> {
      return database.transaction(async (own) => {
        const row = rowOf(spec, order);
        const inserted = await database.insertOnce('predictions', row, own);
        if (inserted) return { inserted, row };
        const there: PredictionRow = await own('predictions').where('predictions.id', spec.id).first();
        if (there.spec_json !== row.spec_json) throw new IdempotencyConflict(spec.id);
        return { inserted, row: there };
      }, trx);
    },

    async list(workspaceId: string, listing: PredictionListing = {}, trx?: Trx): Promise<PredictionRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'predictions', { workspaceId });
        if (listing.modelId) void query.where('predictions.model_id', listing.modelId);
        if (listing.datasetId) void query.where('predictions.dataset_id', listing.datasetId);
        return query
          .orderBy([
            { column: 'predictions.accepted_at_ms', order: 'desc' },
            { column: 'predictions.id', order: 'desc' },
          ])
          .limit(listing.limit ?? 50)
          .offset(listing.offset ?? 0)
          .select('predictions.*');
      });
    },

    /** Done before then, with an output that is still there: what retention takes away. */
    async withOutputDoneBefore(doneBeforeMs: number, limit = 100, trx?: Trx): Promise<PredictionRow[]> {
      return database.run(trx, (db) =>
        db('predictions')
          .whereNotNull('predictions.output_hash')
          .where('predictions.phase', 'done')
          .where('predictions.done_at_ms', '<=', doneBeforeMs)
          .orderBy('predictions.done_at_ms')
          .limit(limit)
          .select('predictions.*'),
      );
    },

    /** How many rows it had stays known: it had an output, and has it no more. */
    async forgetOutput(id: string, trx?: Trx): Promise<boolean> {
      return change(trx, id, { output_hash: null, preview_json: null });
    },

    async setOutput(id: string, output: PredictionOutput, trx?: Trx): Promise<boolean> {
      const { rowCount, outputHash, previewJson } = output;
      return change(trx, id, { row_count: rowCount, output_hash: outputHash, preview_json: previewJson });
    },
  };
}

export type PredictionStore = ReturnType<typeof predictionStore>;

function rowOf(spec: PredictionSpec, order: { nowMs: number; sentence?: string; worstMicros?: number }): PredictionRow {
  return {
    id: spec.id,
    workspace_id: spec.workspaceId,
    owner: spec.owner,
    model_id: spec.modelId,
    dataset_id: spec.datasetId,
    spec_json: JSON.stringify(spec),
    phase: 'queued',
    sentence: order.sentence ?? 'Waiting for a place.',
    outcome: null,
    reason: null,
    failure_type: null,
    attempt: 0,
    version: 1,
    accepted_at_ms: order.nowMs,
    started_at_ms: null,
    done_at_ms: null,
    cancel_asked_at_ms: null,
    stop_asked_at_ms: null,
    progress_json: null,
    cost_micros: null,
    cost_is_final: 0,
    worst_micros: order.worstMicros ?? null,
    price_list_date: null,
    row_count: null,
    output_hash: null,
    preview_json: null,
    deleted_at_ms: null,
  };
}
