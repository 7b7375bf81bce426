import type { EventOf } from '../../domain/event.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import type { Knex } from 'knex';
import type { AttemptRow, DatasetRow, JobRow, LeaderboardRow, ModelRow, ResourceRow, TimelineRow } from '../tables.ts';
import { type MetricSeries, readMetricSeries } from './metric-series.ts';
import { reading } from './reading.ts';

export interface Relative {
  id: string;
  name: string;
}

export interface JobFacts {
  job: JobRow;
  spec: JobSpec;
  dataset: Pick<DatasetRow, 'id' | 'name' | 'row_count' | 'deleted_at_ms'> | null;
  attempts: AttemptRow[];
  timeline: TimelineRow[];
  leaderboard: (EventOf<'leaderboard'> & Pick<LeaderboardRow, 'id' | 'attempt' | 'at_ms'>)[];
  metrics: MetricSeries[];
  resources: ResourceRow[];
  model: ModelRow | null;
  /** The job whose model this one starts from, and the jobs that start from this one's. */
  continues: Relative | null;
  continuedBy: Relative[];
  /** Whose trial it is. */
  sweep: Relative | null;
  predictions: number;
  /** How many wait before it for a place. */
  ahead: number;
}

export const readJobPage = reading(
  async (knex: Knex, workspaceId: string, id: string): Promise<JobFacts | undefined> => {
    const job = await knex('jobs')
      .select('jobs.*')
      .where({ 'jobs.id': id, 'jobs.workspace_id': workspaceId })
      .whereNull('jobs.deleted_at_ms')
      .first();
    if (!job) return undefined;
    const ofHolder = (table: string) => ({ [`${table}.holder_kind`]: 'job', [`${table}.holder_id`]: id });
    const [dataset, attempts, timeline, board, metrics, resources, model, continues, continuedBy] = await Promise.all([
      knex('datasets').select('datasets.*').where('datasets.id', job.dataset_id).first(),
      knex('attempts').select('attempts.*').where(ofHolder('attempts')).orderBy('attempts.attempt'),
      knex('timeline').select('timeline.*').where(ofHolder('timeline')).orderBy(['timeline.at_ms', 'timeline.id']),
      knex('leaderboard').select('leaderboard.*').where('leaderboard.job_id', id).orderBy('leaderboard.id'),
      readMetricSeries(knex, id),
      knex('resources').select('resources.*').where(ofHolder('resources')).orderBy('resources.intended_at_ms'),
      knex('models').select('models.*').where('models.job_id', id).whereNull('models.deleted_at_ms').first(),
      job.continues_job_id
        ? knex('jobs').select('jobs.id', 'jobs.name').where('jobs.id', job.continues_job_id).first()
        : undefined,
      knex('jobs').select('jobs.id', 'jobs.name').where('jobs.continues_job_id', id).whereNull('jobs.deleted_at_ms'),
    ]);
    const [predictions, ahead, sweep] = await Promise.all([
      model ? knex('predictions').count({ n: '*' }).where('predictions.model_id', model.id).first() : undefined,
      job.phase === 'queued' ? countAhead(knex, id) : 0,
      job.sweep_id === null
        ? undefined
        : knex('sweeps')
            .select('sweeps.id', 'sweeps.name')
            .where('sweeps.id', job.sweep_id)
            .whereNull('sweeps.deleted_at_ms')
            .first(),
    ]);
    return {
      job,
      spec: JSON.parse(job.spec_json) as JobSpec,
      dataset: dataset ?? null,
      attempts,
      timeline,
      leaderboard: board.map((row) => ({
        // Older trainers told only half the width of the interval.
        ...({ low: null, high: null, ...JSON.parse(row.event_json) } as EventOf<'leaderboard'>),
        id: row.id,
        attempt: row.attempt,
        at_ms: row.at_ms,
      })),
      metrics,
      resources,
      model: model ?? null,
      continues: continues ?? null,
      continuedBy,
      sweep: sweep ?? null,
      predictions: Number(predictions?.['n'] ?? 0),
      ahead,
    };
  },
);

async function countAhead(knex: Knex, id: string): Promise<number> {
  const own = await knex('places')
    .select('places.*')
    .where({ 'places.holder_kind': 'job', 'places.holder_id': id })
    .first();
  if (!own || own.granted_at_ms !== null) return 0;
  const row = await knex('places')
    .count({ n: '*' })
    .where('places.cloud', own.cloud)
    .whereNull('places.granted_at_ms')
    // Predictions go before trainings: see the store of places.
    .where((before) => {
      void before.where('places.asked_at_ms', '<', own.asked_at_ms).orWhere('places.holder_kind', 'prediction');
    })
    .first();
  return Number(row?.['n'] ?? 0);
}
