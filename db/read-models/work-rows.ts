import type { Knex } from 'knex';
import type { HolderKind } from '../../domain/ids.ts';
import type { Outcome } from '../../domain/outcomes.ts';
import type { Phase } from '../../domain/phases.ts';

/** A job or a prediction as lists show it. */
export interface WorkRow {
  kind: HolderKind;
  id: string;
  name: string;
  engine: string;
  phase: Phase;
  outcome: Outcome | null;
  sentence: string;
  reason: string | null;
  attempt: number;
  cancel_asked_at_ms: number | null;
  stop_asked_at_ms: number | null;
  accepted_at_ms: number;
  started_at_ms: number | null;
  done_at_ms: number | null;
  training_deadline_ms: number | null;
  progress_json: string | null;
  cost_micros: number | null;
  cost_is_final: 0 | 1;
  dataset_name: string | null;
  model_id: string | null;
  metric: string | null;
  test_score: number | null;
  validation_score: number | null;
}

const shared = (table: string): string[] =>
  [
    'id',
    'phase',
    'outcome',
    'sentence',
    'reason',
    'attempt',
    'cancel_asked_at_ms',
    'stop_asked_at_ms',
    'accepted_at_ms',
    'started_at_ms',
    'done_at_ms',
    'progress_json',
    'cost_micros',
    'cost_is_final',
  ].map((column) => `${table}.${column}`);

/** Jobs of a workspace, each with its data's name and its model's score. */
export function jobRows(knex: Knex, workspaceId: string): Knex.QueryBuilder {
  return knex('jobs')
    .leftJoin('datasets', 'datasets.id', 'jobs.dataset_id')
    .leftJoin('models', (join) => join.on('models.job_id', 'jobs.id').andOnNull('models.deleted_at_ms'))
    .select(knex.raw("'job' as kind"), ...shared('jobs'), 'jobs.name', 'jobs.engine', 'jobs.training_deadline_ms')
    .select({ dataset_name: 'datasets.name', model_id: 'models.id', metric: 'models.metric' })
    .select('models.test_score', 'models.validation_score')
    .where('jobs.workspace_id', workspaceId)
    .whereNull('jobs.deleted_at_ms');
}

/** Predictions of a workspace, each called after its model. */
export function predictionRows(knex: Knex, workspaceId: string): Knex.QueryBuilder {
  return knex('predictions')
    .leftJoin('datasets', 'datasets.id', 'predictions.dataset_id')
    .leftJoin('models', 'models.id', 'predictions.model_id')
    .select(knex.raw("'prediction' as kind"), ...shared('predictions'), 'models.name', 'models.engine')
    .select(knex.raw('null as training_deadline_ms'))
    .select({ dataset_name: 'datasets.name', model_id: 'predictions.model_id' })
    .select(knex.raw('null as metric, null as test_score, null as validation_score'))
    .where('predictions.workspace_id', workspaceId)
    .whereNull('predictions.deleted_at_ms');
}
