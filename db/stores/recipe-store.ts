import type { Knex } from 'knex';
import type { Database, Trx } from '../database.ts';
import { containing, inScope, type PageOf, type Scope } from '../scope.ts';
import type { RecipeRow, RecipeVersionRow } from '../tables.ts';
import { type JobWithRecipe, jobsWithRecipe } from './jobs-with-recipe.ts';

/** States of a draft that are kept for undo. */
const MOST_EDITS = 200;

export type NewRecipe = Pick<RecipeRow, 'id' | 'workspace_id' | 'owner' | 'name' | 'dataset_id' | 'steps_json'>;

/** `moved`: the draft is no longer where the caller saw it. */
export type Edited = { row: RecipeRow } | 'not there' | 'moved';
export type Stepped = Edited | 'nothing';

export interface VersionSaved {
  row: RecipeRow;
  version: RecipeVersionRow;
  /** False when the draft was the latest version already. */
  isNew: boolean;
}

export function recipeStore(database: Database) {
  /** One writer at a time, until the end of `trx`. */
  const hold = async (trx: Trx, workspaceId: string, id: string): Promise<RecipeRow | undefined> =>
    inScope(trx, 'recipes', { workspaceId }).where('recipes.id', id).forUpdate().first('recipes.*');

  const moveTo = async (
    trx: Trx,
    row: RecipeRow,
    to: Pick<RecipeRow, 'position' | 'steps_json'> & Partial<RecipeRow>,
    nowMs: number,
  ): Promise<{ row: RecipeRow }> => {
    const changes = { ...to, changed_at_ms: nowMs };
    await trx('recipes').where('recipes.id', row.id).update(changes);
    return { row: { ...row, ...changes } };
  };

  const editsOf = (db: Knex, id: string): Knex.QueryBuilder => db('recipe_edits').where('recipe_edits.recipe_id', id);

  /** To the state next to this one, in the direction that is told. */
  const step = async (
    direction: 'undo' | 'redo',
    given: { workspaceId: string; id: string; position: number; nowMs: number },
    trx?: Trx,
  ): Promise<Stepped> =>
    database.transaction(async (own) => {
      const row = await hold(own, given.workspaceId, given.id);
      if (!row) return 'not there';
      if (row.position !== given.position) return 'moved';
      const [sign, order] = direction === 'undo' ? (['<', 'desc'] as const) : (['>', 'asc'] as const);
      const to = await editsOf(own, row.id)
        .where('recipe_edits.position', sign, row.position)
        .orderBy('recipe_edits.position', order)
        .first('recipe_edits.position', 'recipe_edits.steps_json');
      if (!to) return 'nothing';
      return moveTo(own, row, { position: to.position, steps_json: to.steps_json }, given.nowMs);
    }, trx);

  return {
    /** The same id twice is the same as once. */
    async insert(given: NewRecipe, nowMs: number, trx?: Trx): Promise<{ inserted: boolean; row: RecipeRow }> {
      return database.transaction(async (own) => {
        const row: RecipeRow = {
          ...given,
          position: 0,
          last_position: 0,
          latest_version: 0,
          created_at_ms: nowMs,
          changed_at_ms: nowMs,
          deleted_at_ms: null,
        };
        if (!(await database.insertOnce('recipes', row, own))) {
          const there = await own('recipes').where('recipes.id', given.id).first('recipes.*');
          return { inserted: false, row: there as RecipeRow };
        }
        await own('recipe_edits').insert({
          recipe_id: row.id,
          position: 0,
          steps_json: row.steps_json,
          at_ms: nowMs,
        });
        return { inserted: true, row };
      }, trx);
    },

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<RecipeRow | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run(trx, (db) => inScope(db, 'recipes', asked).where('recipes.id', id).first('recipes.*'));
    },

    async list(
      workspaceId: string,
      { text, datasetId, limit = 50, offset = 0 }: PageOf & { text?: string; datasetId?: string } = {},
      trx?: Trx,
    ): Promise<RecipeRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'recipes', { workspaceId });
        if (text) void query.where(containing(db, 'recipes.name', text));
        if (datasetId) void query.where('recipes.dataset_id', datasetId);
        return query
          .orderBy([
            { column: 'recipes.changed_at_ms', order: 'desc' },
            { column: 'recipes.id', order: 'desc' },
          ])
          .limit(limit)
          .offset(offset)
          .select('recipes.*');
      });
    },

    /**
     * Changes the draft, if it is still at `position`. What had been undone is gone then. The change is worked out where
     * nobody can come between; when it makes nothing new, nothing is kept.
     */
    async edit(
      given: { workspaceId: string; id: string; position?: number | undefined; nowMs: number },
      change: (stepsJson: string) => string,
      trx?: Trx,
    ): Promise<Edited> {
      return database.transaction(async (own) => {
        const row = await hold(own, given.workspaceId, given.id);
        if (!row) return 'not there';
        if (given.position !== undefined && row.position !== given.position) return 'moved';
        const stepsJson = change(row.steps_json);
        if (stepsJson === row.steps_json) return { row };
        const position = row.last_position + 1;
        await editsOf(own, row.id).where('recipe_edits.position', '>', row.position).delete();
        await own('recipe_edits').insert({
          recipe_id: row.id,
          position,
          steps_json: stepsJson,
          at_ms: given.nowMs,
        });
        const oldest = await editsOf(own, row.id)
          .orderBy('recipe_edits.position', 'desc')
          .offset(MOST_EDITS - 1)
          .limit(1)
          .first('recipe_edits.position');
        if (oldest) await editsOf(own, row.id).where('recipe_edits.position', '<', oldest.position).delete();
        return moveTo(own, row, { position, last_position: position, steps_json: stepsJson }, given.nowMs);
      }, trx);
    },

    undo: (given: Parameters<typeof step>[1], trx?: Trx) => step('undo', given, trx),
    redo: (given: Parameters<typeof step>[1], trx?: Trx) => step('redo', given, trx),

    /** Whether there is a state before this one, and one behind it. */
    async mayStep(row: Pick<RecipeRow, 'id' | 'position'>, trx?: Trx): Promise<{ undo: boolean; redo: boolean }> {
      const range = await database.run(trx, (db) =>
        editsOf(db, row.id)
          .min({ first: 'recipe_edits.position' })
          .max({ last: 'recipe_edits.position' })
          .first<{ first: number; last: number }>(),
      );
      return { undo: range.first < row.position, redo: range.last > row.position };
    },

    /** The draft as a version that never changes; a draft that is the latest version already is that one. */
    async saveVersion(
      given: { workspaceId: string; id: string; owner: string; position?: number | undefined; nowMs: number },
      trx?: Trx,
    ): Promise<VersionSaved | 'not there' | 'moved'> {
      return database.transaction(async (own) => {
        const row = await hold(own, given.workspaceId, given.id);
        if (!row) return 'not there';
        if (given.position !== undefined && row.position !== given.position) return 'moved';
        const latest = await this.version(row.id, row.latest_version, own);
        if (latest?.steps_json === row.steps_json) return { row, version: latest, isNew: false };
        const version: RecipeVersionRow = {
          recipe_id: row.id,
          number: row.latest_version + 1,
          steps_json: row.steps_json,
          owner: given.owner,
          at_ms: given.nowMs,
        };
        await own('recipe_versions').insert(version);
        await own('recipes').where('recipes.id', row.id).update({ latest_version: version.number });
        return { row: { ...row, latest_version: version.number }, version, isNew: true };
      }, trx);
    },

    async version(recipeId: string, number: number, trx?: Trx): Promise<RecipeVersionRow | undefined> {
      return database.run(trx, (db) =>
        db('recipe_versions')
          .where('recipe_versions.recipe_id', recipeId)
          .where('recipe_versions.number', number)
          .first('recipe_versions.*'),
      );
    },

    async versions(recipeId: string, trx?: Trx): Promise<RecipeVersionRow[]> {
      return database.run(trx, (db) =>
        db('recipe_versions')
          .where('recipe_versions.recipe_id', recipeId)
          .orderBy('recipe_versions.number', 'desc')
          .select('recipe_versions.*'),
      );
    },

    async rename(workspaceId: string, id: string, name: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        inScope(db, 'recipes', { workspaceId }).where('recipes.id', id).update({ name, changed_at_ms: nowMs }),
      );
      return changed > 0;
    },

    /**
     * Removes it from the lists, unless it is being carried out: the preparations that do so are returned. Its versions
     * stay, for what was made with them.
     */
    async remove(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<{ id: string; name: string }[]> {
      return database.transaction(async (own) => {
        if (!(await hold(own, workspaceId, id))) return [];
        const open: { id: string; name: string }[] = await inScope(own, 'preparations', { workspaceId })
          .where('preparations.recipe_id', id)
          .whereNot('preparations.phase', 'done')
          .select('preparations.id', 'preparations.name');
        if (open.length === 0) await own('recipes').where('recipes.id', id).update({ deleted_at_ms: nowMs });
        return open;
      }, trx);
    },

    /** The jobs that take a version of it. */
    async jobsWith(workspaceId: string, id: string, trx?: Trx): Promise<JobWithRecipe[]> {
      return database.run(trx, (db) => jobsWithRecipe(db, workspaceId, id));
    },

    /** To begin to use it: until the end of `trx` nobody can remove it. */
    hold: (workspaceId: string, id: string, trx: Trx): Promise<RecipeRow | undefined> => hold(trx, workspaceId, id),
  };
}

export type RecipeStore = ReturnType<typeof recipeStore>;
