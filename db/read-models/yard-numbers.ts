import type { Knex } from 'knex';
import type { HolderKind } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import { reading } from './reading.ts';

export interface YardNumbers {
  work: { kind: HolderKind; phase: Phase; count: number }[];
  placesTaken: number;
  waiting: number;
  /** Of the machine at work that was heard last the longest ago; null while none is at work. */
  oldestHeardAtMs: number | null;
}

/** Of all workspaces: for whoever keeps the yard running. */
export const readYardNumbers = reading(async (knex: Knex): Promise<YardNumbers> => {
  const work: YardNumbers['work'] = [];
  for (const [table, kind] of [['jobs', 'job'] as const, ['predictions', 'prediction'] as const]) {
    const rows: { phase: Phase; count: number }[] = await knex(table)
      .whereNull(`${table}.deleted_at_ms`)
      .groupBy(`${table}.phase`)
      .select(`${table}.phase`)
      .count({ count: '*' });
    work.push(...rows.map((row) => ({ kind, ...row })));
  }
  const places = await knex('places').count({ all: '*', taken: 'places.granted_at_ms' }).first();
  const heard = await knex('attempts')
    .join('resources', (join) => {
      join
        .on('resources.holder_kind', 'attempts.holder_kind')
        .andOn('resources.holder_id', 'attempts.holder_id')
        .andOn('resources.attempt', 'attempts.attempt');
    })
    .where({ 'resources.kind': 'machine', 'resources.state': 'created' })
    .whereNull('resources.ended_at_ms')
    // One that never spoke counts from its start: it is the one to know of.
    .min({ oldest: knex.raw('coalesce(attempts.last_heard_at_ms, attempts.started_at_ms)') })
    .first();
  const taken = Number(places?.['taken'] ?? 0);
  return {
    work,
    placesTaken: taken,
    waiting: Number(places?.['all'] ?? 0) - taken,
    oldestHeardAtMs: heard?.['oldest'] ?? null,
  };
});
