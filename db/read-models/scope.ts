import type { Knex } from 'knex';

/** Every job and prediction of a workspace, for tables that know their holder only. */
export function holdersIn(knex: Knex, workspaceId: string): Knex.QueryBuilder {
  return knex('jobs')
    .select('jobs.id')
    .where('jobs.workspace_id', workspaceId)
    .unionAll([knex('predictions').select('predictions.id').where('predictions.workspace_id', workspaceId)]);
}
