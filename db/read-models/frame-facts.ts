import type { Knex } from 'knex';
import { holdersIn } from './scope.ts';
import { reading } from './reading.ts';

export interface FrameFacts {
  timeZone: string;
  machines: { count: number; pricePerHourMicros: number };
  /** Preparations that came to their end without anybody having looked. */
  ready: number;
}

/** What the frame around every page shows. */
export const readFrameFacts = reading(async (knex: Knex, workspaceId: string): Promise<FrameFacts> => {
  const workspace = await knex('workspaces').select('workspaces.time_zone').where('workspaces.id', workspaceId).first();
  const running = await knex('resources')
    .count({ machines: '*' })
    .sum({ price: 'resources.price_per_hour_micros' })
    .where({ 'resources.kind': 'machine', 'resources.state': 'created' })
    .whereNull('resources.ended_at_ms')
    .whereIn('resources.holder_id', holdersIn(knex, workspaceId))
    .first();
  const unseen = await knex('preparations')
    .count({ n: '*' })
    .where({ 'preparations.workspace_id': workspaceId, 'preparations.phase': 'done' })
    .whereNull('preparations.seen_at_ms')
    .whereNull('preparations.deleted_at_ms')
    .first();
  return {
    timeZone: workspace?.time_zone ?? 'UTC',
    machines: { count: Number(running?.['machines'] ?? 0), pricePerHourMicros: Number(running?.['price'] ?? 0) },
    ready: Number(unseen?.['n'] ?? 0),
  };
});
