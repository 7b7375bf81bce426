import type { Knex } from 'knex';
import type { HolderKind } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import { namedDatasets } from '../../domain/recipe/named-datasets.ts';
import type { Step } from '../../domain/recipe/recipe.ts';
import type { Database, Trx } from '../database.ts';
import { containing, inScope, type PageOf, type Scope } from '../scope.ts';
import type { DatasetOrigin, DatasetRow, RecipeVersionRow } from '../tables.ts';
import { jobsWithRecipe } from './jobs-with-recipe.ts';

/** What uses a thing; while it is not done, it stands in the way of removing it. */
export interface User {
  kind: HolderKind | 'preparation' | 'recipe' | 'sweep';
  id: string;
  name: string;
  phase: Phase;
}

/** A dataset to be kept; unless told it is the first of its family, read in the plain way. */
export type NewDataset = Omit<DatasetRow, 'deleted_at_ms' | 'last_uploaded_at_ms' | keyof DatasetOrigin> &
  Partial<DatasetOrigin>;

/** The same bytes, read in the same way: under the same name, or within one family under any. */
export interface Alike {
  contentHash: string;
  tableName: string;
  name?: string;
  versionOf?: DatasetRow;
}

const plainOrigin: DatasetOrigin = {
  family_id: null,
  version: 1,
  table_name: 'data',
  import_json: null,
  made_by_preparation_id: null,
};

export function datasetStore(database: Database) {
  return {
    /** The same id twice is the same as once. */
    async insert(row: NewDataset, trx?: Trx): Promise<{ inserted: boolean; row: DatasetRow }> {
      return database.transaction(async (own) => {
        const complete: DatasetRow = { ...plainOrigin, ...row, deleted_at_ms: null, last_uploaded_at_ms: null };
        const inserted = await database.insertOnce('datasets', complete, own);
        const there = inserted ? complete : await own('datasets').where('datasets.id', row.id).first('datasets.*');
        return { inserted, row: there };
      }, trx);
    },

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<DatasetRow | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run(trx, (db) => inScope(db, 'datasets', asked).where('datasets.id', id).first('datasets.*'));
    },

    /** To begin to use it: until the end of `trx` nobody can remove it, and one that is being removed is not there. */
    async hold(workspaceId: string, id: string, trx: Trx): Promise<DatasetRow | undefined> {
      return inScope(trx, 'datasets', { workspaceId }).where('datasets.id', id).forUpdate().first('datasets.*');
    },

    async find(id: string, trx?: Trx): Promise<DatasetRow | undefined> {
      return database.run(trx, (db) => db('datasets').where('datasets.id', id).first('datasets.*'));
    },

    async list(
      workspaceId: string,
      { text, limit = 50, offset = 0 }: PageOf & { text?: string } = {},
      trx?: Trx,
    ): Promise<DatasetRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'datasets', { workspaceId });
        if (text) void query.where(containing(db, 'datasets.name', text));
        return query
          .orderBy([
            { column: 'datasets.created_at_ms', order: 'desc' },
            { column: 'datasets.id', order: 'desc' },
          ])
          .limit(limit)
          .offset(offset)
          .select('datasets.*');
      });
    },

    /** The newest that is alike, noted as uploaded again: it counts as new from now on. */
    async uploadedAgain(
      workspaceId: string,
      { contentHash, tableName, name, versionOf }: Alike,
      nowMs: number,
      trx?: Trx,
    ): Promise<DatasetRow | undefined> {
      return database.transaction(async (own) => {
        const query = inScope(own, 'datasets', { workspaceId }).where({
          'datasets.content_hash': contentHash,
          'datasets.table_name': tableName,
        });
        if (name !== undefined) void query.where('datasets.name', name);
        if (versionOf) {
          const familyId = versionOf.family_id ?? versionOf.id;
          void query.where((either: Knex.QueryBuilder) => {
            void either.where('datasets.id', familyId).orWhere('datasets.family_id', familyId);
          });
        }
        const row: DatasetRow | undefined = await query
          .orderBy('datasets.created_at_ms', 'desc')
          .forUpdate()
          .first('datasets.*');
        if (!row) return undefined;
        await own('datasets').where('datasets.id', row.id).update({ last_uploaded_at_ms: nowMs });
        return { ...row, last_uploaded_at_ms: nowMs };
      }, trx);
    },

    /** Whether another dataset of this workspace has the same bytes. */
    async isShared(workspaceId: string, { id, content_hash }: DatasetRow, trx?: Trx): Promise<boolean> {
      const other = await database.run(trx, (db) =>
        inScope(db, 'datasets', { workspaceId })
          .where('datasets.content_hash', content_hash)
          .whereNot('datasets.id', id)
          .first('datasets.id'),
      );
      return other !== undefined;
    },

    /** Another version of the family that `of` belongs to: numbered behind all that it ever had. */
    async insertVersion(row: NewDataset, of: DatasetRow, trx?: Trx): Promise<DatasetRow> {
      return database.transaction(async (own) => {
        const familyId = of.family_id ?? of.id;
        // One at a time, so that no number is given twice.
        await own('datasets').where('datasets.id', familyId).select('datasets.id').forUpdate();
        const last = await own('datasets')
          .where('datasets.family_id', familyId)
          .max({ version: 'datasets.version' })
          .first<{ version: number | null }>();
        const version = Math.max(1, last.version ?? 1) + 1;
        return (await this.insert({ ...row, family_id: familyId, version }, own)).row;
      }, trx);
    },

    /** Every version of its family, newest first, also those that were removed. */
    async history(workspaceId: string, of: DatasetRow, trx?: Trx): Promise<DatasetRow[]> {
      const familyId = of.family_id ?? of.id;
      return database.run(trx, (db) =>
        inScope(db, 'datasets', { workspaceId, deleted: true })
          .where((either: Knex.QueryBuilder) => {
            void either.where('datasets.id', familyId).orWhere('datasets.family_id', familyId);
          })
          .orderBy('datasets.version', 'desc')
          .select('datasets.*'),
      );
    },

    async rename(workspaceId: string, id: string, name: string, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        inScope(db, 'datasets', { workspaceId }).where('datasets.id', id).update({ name }),
      );
      return changed > 0;
    },

    /** Whether any workspace still needs the bytes: files in the store are named by hash. */
    async holdsContent(contentHash: string, trx?: Trx): Promise<boolean> {
      const row = await database.run(trx, (db) =>
        db('datasets')
          .where('datasets.content_hash', contentHash)
          .whereNull('datasets.deleted_at_ms')
          .first('datasets.id'),
      );
      return row !== undefined;
    },

    /**
     * Removes it, unless work that is not done uses it: those are returned. Whoever begins to use it holds the same row,
     * so that of an acceptance and a removal at the same moment one sees the other.
     */
    async removeUnused(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<User[]> {
      return database.transaction(async (own) => {
        if (!(await this.hold(workspaceId, id, own))) return [];
        const users = await this.usedBy(workspaceId, id, own);
        const open = users.filter((user) => user.phase !== 'done');
        if (open.length === 0) await this.softDelete(workspaceId, id, nowMs, own);
        return open;
      }, trx);
    },

    /** Those that came before then, and that no job and no prediction needs or has needed since. */
    async unusedSince(beforeMs: number, limit = 100, trx?: Trx): Promise<DatasetRow[]> {
      return database.run(trx, (db) => {
        const query = db('datasets')
          .whereNull('datasets.deleted_at_ms')
          .where('datasets.created_at_ms', '<=', beforeMs)
          .where((again: Knex.QueryBuilder) => {
            void again
              .whereNull('datasets.last_uploaded_at_ms')
              .orWhere('datasets.last_uploaded_at_ms', '<=', beforeMs);
          });
        for (const table of ['jobs', 'predictions', 'sweeps']) {
          void query.whereNotExists((users: Knex.QueryBuilder) => {
            void users
              .from(table)
              .whereRaw('?? = ??', [`${table}.dataset_id`, 'datasets.id'])
              .where((recent: Knex.QueryBuilder) => {
                void recent.whereNull(`${table}.deleted_at_ms`).orWhere(`${table}.deleted_at_ms`, '>', beforeMs);
              })
              .select(`${table}.id`);
          });
        }
        void query.whereNotExists((recipes: Knex.QueryBuilder) => {
          void recipes.from('recipes').whereNull('recipes.deleted_at_ms').select('recipes.id');
          void recipes.where((names: Knex.QueryBuilder) => {
            void names
              .whereRaw('?? = ??', ['recipes.dataset_id', 'datasets.id'])
              .orWhereRaw('instr(??, ??) > 0', ['recipes.steps_json', 'datasets.id']);
          });
        });
        void query.whereNotExists((preparations: Knex.QueryBuilder) => {
          void preparations
            .from('preparations')
            .whereRaw('?? = ??', ['preparations.dataset_id', 'datasets.id'])
            .whereNull('preparations.deleted_at_ms')
            .select('preparations.id');
        });
        return query.orderBy('datasets.created_at_ms').limit(limit).select('datasets.*');
      });
    },

    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        inScope(db, 'datasets', { workspaceId }).where('datasets.id', id).update({ deleted_at_ms: nowMs }),
      );
      return changed > 0;
    },

    /** Jobs, predictions, preparations and recipes that were made with it, or name it, and were not deleted. */
    async usedBy(workspaceId: string, id: string, trx?: Trx): Promise<User[]> {
      return database.transaction(async (own) => {
        const looking = await jobsLookingInto(own, workspaceId, id);
        const jobs: Omit<User, 'kind'>[] = await inScope(own, 'jobs', { workspaceId })
          .where((either: Knex.QueryBuilder) => {
            void either.where('jobs.dataset_id', id).orWhereIn('jobs.id', looking);
          })
          .select('jobs.id', 'jobs.name', 'jobs.phase');
        const predictions: Omit<User, 'kind'>[] = await inScope(own, 'predictions', { workspaceId })
          .join('models', 'models.id', 'predictions.model_id')
          .where('predictions.dataset_id', id)
          .select('predictions.id', 'models.name', 'predictions.phase');
        // A version that is being carried out may look things up in it.
        const preparations: Omit<User, 'kind'>[] = await inScope(own, 'preparations', { workspaceId })
          .join('recipe_versions', {
            'recipe_versions.recipe_id': 'preparations.recipe_id',
            'recipe_versions.number': 'preparations.recipe_version',
          })
          .where((either: Knex.QueryBuilder) => {
            void either
              .where('preparations.dataset_id', id)
              .orWhereRaw('instr(??, ?) > 0', ['recipe_versions.steps_json', id]);
          })
          .select('preparations.id', 'preparations.name', 'preparations.phase');
        const recipes: Omit<User, 'kind' | 'phase'>[] = await inScope(own, 'recipes', { workspaceId })
          .where((either: Knex.QueryBuilder) => {
            void either.where('recipes.dataset_id', id).orWhereRaw('instr(??, ?) > 0', ['recipes.steps_json', id]);
          })
          .select('recipes.id', 'recipes.name');
        // Done, it is its jobs that count.
        const sweeps: Omit<User, 'kind'>[] = await inScope(own, 'sweeps', { workspaceId })
          .where('sweeps.dataset_id', id)
          .whereNot('sweeps.phase', 'done')
          .select('sweeps.id', 'sweeps.name', 'sweeps.phase');
        return [
          ...sweeps.map((sweep): User => ({ kind: 'sweep', ...sweep })),
          ...jobs.map((job): User => ({ kind: 'job', ...job })),
          ...predictions.map((prediction): User => ({ kind: 'prediction', ...prediction })),
          ...preparations.map((preparation): User => ({ kind: 'preparation', ...preparation })),
          // Nobody works on it by itself: it does not stand in the way.
          ...recipes.map((recipe): User => ({ kind: 'recipe', ...recipe, phase: 'done' })),
        ];
      }, trx);
    },
  };
}

/** Jobs whose data is prepared by a version of a recipe that looks things up in the dataset. */
async function jobsLookingInto(trx: Trx, workspaceId: string, datasetId: string): Promise<string[]> {
  const versions: Pick<RecipeVersionRow, 'recipe_id' | 'number' | 'steps_json'>[] = await inScope(trx, 'recipes', {
    ...{ workspaceId, deleted: true },
  })
    .join('recipe_versions', 'recipe_versions.recipe_id', 'recipes.id')
    .whereRaw('instr(??, ?) > 0', ['recipe_versions.steps_json', datasetId])
    .select('recipe_versions.recipe_id', 'recipe_versions.number', 'recipe_versions.steps_json');
  const jobs: string[] = [];
  for (const { recipe_id, number, steps_json } of versions) {
    const steps = (JSON.parse(steps_json) as Step[]).filter(({ on }) => on);
    if (!namedDatasets(steps).includes(datasetId)) continue;
    const rows = await jobsWithRecipe(trx, workspaceId, recipe_id);
    jobs.push(...rows.filter(({ recipeVersion }) => recipeVersion === number).map((row) => row.id));
  }
  return jobs;
}

export type DatasetStore = ReturnType<typeof datasetStore>;
