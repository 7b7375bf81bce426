import type { Knex } from 'knex';
import type { JobSpec } from '../../domain/job-spec.ts';
import { inScope } from '../scope.ts';
import type { JobRow } from '../tables.ts';

export interface JobWithRecipe extends Pick<JobRow, 'id' | 'name' | 'phase'> {
  recipeVersion: number | null;
}

/** Which recipe a job takes is a part of what was asked for, and has no column of its own. */
export async function jobsWithRecipe(db: Knex, workspaceId: string, recipeId: string): Promise<JobWithRecipe[]> {
  const rows: Pick<JobRow, 'id' | 'name' | 'phase' | 'spec_json'>[] = await inScope(db, 'jobs', { workspaceId })
    .whereRaw('instr(??, ?) > 0', ['jobs.spec_json', `"recipeId":${JSON.stringify(recipeId)}`])
    .orderBy('jobs.accepted_at_ms')
    .select('jobs.id', 'jobs.name', 'jobs.phase', 'jobs.spec_json');
  return rows.map(({ spec_json, ...row }) => {
    const { recipeVersion } = JSON.parse(spec_json) as Pick<JobSpec, 'recipeVersion'>;
    return { ...row, recipeVersion };
  });
}
