import type { Knex } from 'knex';
import type { HolderKind } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Database, Trx } from '../database.ts';
import { containing, inScope, type PageOf, type Scope } from '../scope.ts';
import type { DatasetRow } from '../tables.ts';

/** A job or prediction that stands in the way of removing what it uses. */
export interface User {
  kind: HolderKind;
  id: string;
  name: string;
  phase: Phase;
}

export function datasetStore(database: Database) {
  return {
    /** The same id twice is the same as once. */
    async insert(
      row: Omit<DatasetRow, 'deleted_at_ms' | 'last_uploaded_at_ms'>,
      trx?: Trx,
    ): Promise<{ inserted: boolean; row: DatasetRow }> {
      return database.transaction(async (own) => {
        const complete: DatasetRow = { ...row, deleted_at_ms: null, last_uploaded_at_ms: null };
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

    /** The newest with the same bytes under the same name, noted as uploaded again: it counts as new from now on. */
    async uploadedAgain(
      workspaceId: string,
      { contentHash, name }: { contentHash: string; name: string },
      nowMs: number,
      trx?: Trx,
    ): Promise<DatasetRow | undefined> {
      return database.transaction(async (own) => {
        const row: DatasetRow | undefined = await inScope(own, 'datasets', { workspaceId })
          .where({ 'datasets.content_hash': contentHash, 'datasets.name': name })
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
        for (const table of ['jobs', 'predictions']) {
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
        return query.orderBy('datasets.created_at_ms').limit(limit).select('datasets.*');
      });
    },

    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        inScope(db, 'datasets', { workspaceId }).where('datasets.id', id).update({ deleted_at_ms: nowMs }),
      );
      return changed > 0;
    },

    /** Jobs and predictions that were made with it and were not deleted. */
    async usedBy(workspaceId: string, id: string, trx?: Trx): Promise<User[]> {
      return database.transaction(async (own) => {
        const jobs: Omit<User, 'kind'>[] = await inScope(own, 'jobs', { workspaceId })
          .where('jobs.dataset_id', id)
          .select('jobs.id', 'jobs.name', 'jobs.phase');
        const predictions: Omit<User, 'kind'>[] = await inScope(own, 'predictions', { workspaceId })
          .join('models', 'models.id', 'predictions.model_id')
          .where('predictions.dataset_id', id)
          .select('predictions.id', 'models.name', 'predictions.phase');
        return [
          ...jobs.map((job): User => ({ kind: 'job', ...job })),
          ...predictions.map((prediction): User => ({ kind: 'prediction', ...prediction })),
        ];
      }, trx);
    },
  };
}

export type DatasetStore = ReturnType<typeof datasetStore>;
