import type { Database, Trx } from '../database.ts';
import { containing, inScope, type PageOf, type Scope } from '../scope.ts';
import type { ModelRow } from '../tables.ts';
import type { User } from './dataset-store.ts';

export function modelStore(database: Database) {
  return {
    /** A job leaves one model: collecting it twice is the same as once. */
    async insert(row: Omit<ModelRow, 'deleted_at_ms'>, trx?: Trx): Promise<{ inserted: boolean; row: ModelRow }> {
      return database.transaction(async (own) => {
        const complete: ModelRow = { ...row, deleted_at_ms: null };
        const inserted = await database.insertOnce('models', complete, own);
        const there = inserted ? complete : await own('models').where('models.job_id', row.job_id).first('models.*');
        return { inserted, row: there };
      }, trx);
    },

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<ModelRow | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run(trx, (db) => inScope(db, 'models', asked).where('models.id', id).first('models.*'));
    },

    /** To begin to use it, or to remove it: until the end of `trx` nobody else can do either. */
    async hold(workspaceId: string, id: string, trx: Trx): Promise<ModelRow | undefined> {
      return inScope(trx, 'models', { workspaceId }).where('models.id', id).forUpdate().first('models.*');
    },

    /** The same for the model of a job. */
    async holdOfJob(jobId: string, trx: Trx): Promise<ModelRow | undefined> {
      return trx('models').where('models.job_id', jobId).forUpdate().first('models.*');
    },

    async find(id: string, trx?: Trx): Promise<ModelRow | undefined> {
      return database.run(trx, (db) => db('models').where('models.id', id).first('models.*'));
    },

    async findByJob(jobId: string, trx?: Trx): Promise<ModelRow | undefined> {
      return database.run(trx, (db) => db('models').where('models.job_id', jobId).first('models.*'));
    },

    /** Its job's money comes into the report last. A model that was removed keeps what it had. */
    async setReport(id: string, reportJson: string, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        db('models').where('models.id', id).whereNull('models.deleted_at_ms').update({ report_json: reportJson }),
      );
      return changed > 0;
    },

    async list(
      workspaceId: string,
      { text, limit = 50, offset = 0 }: PageOf & { text?: string } = {},
      trx?: Trx,
    ): Promise<ModelRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'models', { workspaceId });
        if (text) void query.where(containing(db, 'models.name', text));
        return query
          .orderBy([
            { column: 'models.created_at_ms', order: 'desc' },
            { column: 'models.id', order: 'desc' },
          ])
          .limit(limit)
          .offset(offset)
          .select('models.*');
      });
    },

    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      const changed = await database.run(trx, (db) =>
        inScope(db, 'models', { workspaceId }).where('models.id', id).update({ deleted_at_ms: nowMs }),
      );
      return changed > 0;
    },

    /** Work that still needs it: open predictions, and open jobs that start from it. */
    async usedBy(workspaceId: string, id: string, trx?: Trx): Promise<User[]> {
      return database.transaction(async (own) => {
        const predictions: Omit<User, 'kind'>[] = await inScope(own, 'predictions', { workspaceId })
          .join('models', 'models.id', 'predictions.model_id')
          .where('predictions.model_id', id)
          .whereNot('predictions.phase', 'done')
          .select('predictions.id', 'models.name', 'predictions.phase');
        const jobs: Omit<User, 'kind'>[] = await inScope(own, 'jobs', { workspaceId })
          .join('models', 'models.job_id', 'jobs.continues_job_id')
          .where('models.id', id)
          .whereNot('jobs.phase', 'done')
          .select('jobs.id', 'jobs.name', 'jobs.phase');
        return [
          ...predictions.map((prediction): User => ({ kind: 'prediction', ...prediction })),
          ...jobs.map((job): User => ({ kind: 'job', ...job })),
        ];
      }, trx);
    },
  };
}

export type ModelStore = ReturnType<typeof modelStore>;
