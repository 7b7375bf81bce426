import type { Knex } from 'knex';
import { stuckIfAskedBefore } from '../../domain/stuck.ts';
import type { PlaceRow, ResourceRow } from '../tables.ts';
import { holdersIn } from './scope.ts';
import { jobRows, predictionRows, type WorkRow } from './work-rows.ts';
import { reading } from './reading.ts';

export interface YardFacts {
  open: WorkRow[];
  recent: WorkRow[];
  places: PlaceRow[];
  machines: (ResourceRow & {
    machine_type: string | null;
    ends_at_ms: number | null;
    last_heard_at_ms: number | null;
  })[];
  /** Removal was asked for long ago and is not confirmed. */
  stuck: ResourceRow[];
  datasets: number;
  jobs: number;
}

const recentShown = 8;

export const readYardPage = reading(async (knex: Knex, workspaceId: string, nowMs: number): Promise<YardFacts> => {
  const [openJobs, openPredictions, doneJobs, donePredictions, places, machines, stuck, datasets, jobs] =
    await Promise.all([
      jobRows(knex, workspaceId).whereNull('jobs.done_at_ms').orderBy('jobs.accepted_at_ms').limit(200),
      predictionRows(knex, workspaceId)
        .whereNull('predictions.done_at_ms')
        .orderBy('predictions.accepted_at_ms')
        .limit(200),
      jobRows(knex, workspaceId).whereNotNull('jobs.done_at_ms').orderBy('jobs.done_at_ms', 'desc').limit(recentShown),
      predictionRows(knex, workspaceId)
        .whereNotNull('predictions.done_at_ms')
        .orderBy('predictions.done_at_ms', 'desc')
        .limit(recentShown),
      knex('places')
        .select('places.*')
        .where('places.workspace_id', workspaceId)
        // As places are given: see the store of places.
        .orderBy([{ column: 'places.holder_kind', order: 'desc' }, 'places.asked_at_ms']),
      readMachines(knex, workspaceId),
      knex('resources')
        .select('resources.*')
        .whereNot('resources.state', 'gone')
        .where('resources.removal_asked_at_ms', '<', stuckIfAskedBefore(nowMs))
        .whereIn('resources.holder_id', holdersIn(knex, workspaceId))
        .orderBy('resources.removal_asked_at_ms'),
      knex('datasets')
        .count({ n: '*' })
        .where('datasets.workspace_id', workspaceId)
        .whereNull('datasets.deleted_at_ms')
        .first(),
      knex('jobs').count({ n: '*' }).where('jobs.workspace_id', workspaceId).whereNull('jobs.deleted_at_ms').first(),
    ]);
  return {
    open: [...openJobs, ...openPredictions].toSorted(by((row) => row.accepted_at_ms)),
    recent: [...doneJobs, ...donePredictions].toSorted(by((row) => -(row.done_at_ms ?? 0))).slice(0, recentShown),
    places,
    machines,
    stuck,
    datasets: Number(datasets?.['n'] ?? 0),
    jobs: Number(jobs?.['n'] ?? 0),
  };
});

function by(key: (row: WorkRow) => number): (a: WorkRow, b: WorkRow) => number {
  return (a, b) => key(a) - key(b);
}

/** Machines that cost money now, by the ledger. */
function readMachines(knex: Knex, workspaceId: string): Promise<YardFacts['machines']> {
  return knex('resources')
    .leftJoin('attempts', (join) =>
      join
        .on('attempts.holder_kind', 'resources.holder_kind')
        .andOn('attempts.holder_id', 'resources.holder_id')
        .andOn('attempts.attempt', 'resources.attempt'),
    )
    .select('resources.*', 'attempts.machine_type', 'attempts.ends_at_ms', 'attempts.last_heard_at_ms')
    .where({ 'resources.kind': 'machine', 'resources.state': 'created' })
    .whereNull('resources.ended_at_ms')
    .whereIn('resources.holder_id', holdersIn(knex, workspaceId))
    .orderBy('resources.started_at_ms');
}
