import type { Database } from '../database.ts';
import { containing, inScope, type ScopedTable } from '../scope.ts';

/** The models that these jobs left and that were not removed: job id → model id. */
export async function readModelIds(database: Database, jobIds: readonly string[]): Promise<Map<string, string>> {
  if (jobIds.length === 0) return new Map();
  const rows: { id: string; job_id: string }[] = await database.run(undefined, (db) =>
    db('models')
      .whereIn('models.job_id', [...jobIds])
      .whereNull('models.deleted_at_ms')
      .select('models.id', 'models.job_id'),
  );
  return new Map(rows.map((row) => [row.job_id, row.id]));
}

/** How many a list has in all, for its paging. */
export async function countOf(
  database: Database,
  table: ScopedTable,
  workspaceId: string,
  narrow: { modelId?: string; datasetId?: string; recipeId?: string; open?: boolean; nameHas?: string } = {},
): Promise<number> {
  const row = await database.run(undefined, (db) => {
    const query = inScope(db, table, { workspaceId });
    if (narrow.modelId !== undefined) void query.where(`${table}.model_id`, narrow.modelId);
    if (narrow.datasetId !== undefined) void query.where(`${table}.dataset_id`, narrow.datasetId);
    if (narrow.recipeId !== undefined) void query.where(`${table}.recipe_id`, narrow.recipeId);
    if (narrow.open === true) void query.whereNot(`${table}.phase`, 'done');
    if (narrow.open === false) void query.where(`${table}.phase`, 'done');
    if (narrow.nameHas) void query.where(containing(db, `${table}.name`, narrow.nameHas));
    return query.count({ n: '*' }).first<{ n: number }>();
  });
  return row.n;
}
