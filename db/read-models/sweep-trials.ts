import type { Knex } from 'knex';
import type { JobRow } from '../tables.ts';
import { reading } from './reading.ts';

/** A trial as a sweep's page shows it: its job, and what its model came to, also where that was removed since. */
export type SweepTrialRow = Pick<
  JobRow,
  | 'id'
  | 'phase'
  | 'outcome'
  | 'sentence'
  | 'reason'
  | 'attempt'
  | 'cancel_asked_at_ms'
  | 'stop_asked_at_ms'
  | 'accepted_at_ms'
  | 'started_at_ms'
  | 'done_at_ms'
  | 'cost_micros'
  | 'cost_is_final'
  | 'price_list_date'
  | 'deleted_at_ms'
> & {
  sweep_id: string;
  sweep_trial: number;
  model_id: string | null;
  validation_score: number | null;
};

const ofJob = [
  ...['id', 'phase', 'outcome', 'sentence', 'reason', 'attempt', 'cancel_asked_at_ms', 'stop_asked_at_ms'],
  ...['accepted_at_ms', 'started_at_ms', 'done_at_ms', 'cost_micros', 'cost_is_final', 'price_list_date'],
  ...['sweep_id', 'sweep_trial', 'deleted_at_ms'],
];

/** The trials that were begun, of several sweeps at once, in order. */
export const readSweepTrials = reading(async (knex: Knex, sweepIds: readonly string[]): Promise<SweepTrialRow[]> => {
  if (sweepIds.length === 0) return [];
  return knex('jobs')
    .leftJoin('models', 'models.job_id', 'jobs.id')
    .whereIn('jobs.sweep_id', [...sweepIds])
    .orderBy(['jobs.sweep_id', 'jobs.sweep_trial'])
    .select(ofJob.map((column) => `jobs.${column}`))
    .select(knex.raw('case when ?? is null then ?? end as model_id', ['models.deleted_at_ms', 'models.id']))
    .select('models.validation_score');
});
