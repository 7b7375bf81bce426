import type { Knex } from 'knex';
import type { AttemptRow, ResourceRow } from '../tables.ts';
import { holdersIn } from './scope.ts';
import { reading } from './reading.ts';

export type LedgerLine = ResourceRow & {
  holder_name: string | null;
} & Partial<Pick<AttemptRow, 'machine_type' | 'spot' | 'ends_at_ms' | 'ended_because' | 'last_heard_at_ms'>>;

export interface MachinesFacts {
  /** Everything not struck off: machines, buckets, signals. */
  standing: LedgerLine[];
  /** Machines that are gone, newest first. */
  ended: LedgerLine[];
}

const endedShown = 100;

export const readMachinesPage = reading(async (knex: Knex, workspaceId: string): Promise<MachinesFacts> => {
  const lines = () =>
    knex('resources')
      .leftJoin('attempts', (join) =>
        join
          .on('attempts.holder_kind', 'resources.holder_kind')
          .andOn('attempts.holder_id', 'resources.holder_id')
          .andOn('attempts.attempt', 'resources.attempt'),
      )
      .leftJoin('jobs', 'jobs.id', 'resources.holder_id')
      .leftJoin('predictions', 'predictions.id', 'resources.holder_id')
      .leftJoin('models', 'models.id', 'predictions.model_id')
      .select('resources.*', 'attempts.machine_type', 'attempts.spot', 'attempts.ends_at_ms')
      .select('attempts.ended_because', 'attempts.last_heard_at_ms')
      .select({ holder_name: knex.raw('coalesce(??, ??)', ['jobs.name', 'models.name']) as never })
      .whereIn('resources.holder_id', holdersIn(knex, workspaceId));
  const [standing, ended] = await Promise.all([
    lines().whereNot('resources.state', 'gone').orderBy('resources.intended_at_ms').limit(500),
    lines()
      .where({ 'resources.state': 'gone', 'resources.kind': 'machine' })
      // a tombstone that was never made is no machine
      .whereNotNull('resources.started_at_ms')
      .orderBy('resources.ended_at_ms', 'desc')
      .limit(endedShown),
  ]);
  return { standing, ended };
});
