import type { Knex } from 'knex';
import type { Outcome } from '../../domain/outcomes.ts';
import type { Database, Trx } from '../database.ts';
import { inScope, type PageOf, type Scope } from '../scope.ts';
import type { PreparationRow } from '../tables.ts';

export type NewPreparation = Pick<
  PreparationRow,
  'id' | 'workspace_id' | 'owner' | 'name' | 'recipe_id' | 'recipe_version' | 'dataset_id' | 'rows_total'
>;

export interface PreparationEnd {
  outcome: Outcome;
  reason: string;
  failureType?: string | null;
  outputDatasetId?: string | null;
  resultJson?: string | null;
  /** All of them, when it came to its end. */
  rows?: number;
  nowMs: number;
}

/** `get` and `ask…` are for people and scoped; the rest is for activities. */
export function preparationStore(database: Database) {
  async function change(
    trx: Trx | undefined,
    id: string,
    changes: Partial<PreparationRow>,
    guard: (query: Knex.QueryBuilder) => void,
  ): Promise<boolean> {
    const changed = await database.run(trx, (db) => {
      const query: Knex.QueryBuilder = db('preparations').where('preparations.id', id);
      guard(query);
      return query.update({ ...changes, version: db.raw('?? + 1', ['version']) });
    });
    return changed > 0;
  }

  const notDone = (query: Knex.QueryBuilder) => void query.whereNull('preparations.done_at_ms');

  return {
    /** Accepts it: the same id twice is the same as once. */
    async insert(given: NewPreparation, nowMs: number, trx?: Trx): Promise<{ inserted: boolean; row: PreparationRow }> {
      return database.transaction(async (own) => {
        const row: PreparationRow = {
          ...given,
          phase: 'queued',
          sentence: 'Waiting for its turn.',
          outcome: null,
          reason: null,
          failure_type: null,
          version: 1,
          rows_done: 0,
          seconds_left: null,
          accepted_at_ms: nowMs,
          started_at_ms: null,
          done_at_ms: null,
          cancel_asked_at_ms: null,
          seen_at_ms: null,
          output_dataset_id: null,
          result_json: null,
          deleted_at_ms: null,
        };
        const inserted = await database.insertOnce('preparations', row, own);
        const there = inserted ? row : await own('preparations').where('preparations.id', given.id).first();
        return { inserted, row: there as PreparationRow };
      }, trx);
    },

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<PreparationRow | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run(trx, (db) =>
        inScope(db, 'preparations', asked).where('preparations.id', id).first('preparations.*'),
      );
    },

    async find(id: string, trx?: Trx): Promise<PreparationRow | undefined> {
      return database.run(trx, (db) => db('preparations').where('preparations.id', id).first('preparations.*'));
    },

    async list(
      workspaceId: string,
      listing: PageOf & { recipeId?: string; datasetId?: string; open?: boolean } = {},
      trx?: Trx,
    ): Promise<PreparationRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'preparations', { workspaceId });
        if (listing.recipeId) void query.where('preparations.recipe_id', listing.recipeId);
        if (listing.datasetId) void query.where('preparations.dataset_id', listing.datasetId);
        if (listing.open === true) void query.whereNot('preparations.phase', 'done');
        if (listing.open === false) void query.where('preparations.phase', 'done');
        return query
          .orderBy([
            { column: 'preparations.accepted_at_ms', order: 'desc' },
            { column: 'preparations.id', order: 'desc' },
          ])
          .limit(listing.limit ?? 50)
          .offset(listing.offset ?? 0)
          .select('preparations.*');
      });
    },

    /** How many have come to their end without anybody having looked: the number on a badge. */
    async unseen(workspaceId: string, trx?: Trx): Promise<number> {
      const row = await database.run(trx, (db) =>
        inScope(db, 'preparations', { workspaceId })
          .where('preparations.phase', 'done')
          .whereNull('preparations.seen_at_ms')
          .count({ n: '*' })
          .first<{ n: number }>(),
      );
      return row.n;
    },

    /** Only what is done can have been seen to be so. */
    async markSeen(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { seen_at_ms: nowMs }, (query) => {
        void query
          .where('preparations.workspace_id', workspaceId)
          .where('preparations.phase', 'done')
          .whereNull('preparations.seen_at_ms');
      });
    },

    async askCancel(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { cancel_asked_at_ms: nowMs }, (query) => {
        notDone(query);
        void query.where('preparations.workspace_id', workspaceId).whereNull('preparations.cancel_asked_at_ms');
      });
    },

    async markStarted(id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { started_at_ms: nowMs, phase: 'preparing', sentence: 'Reading the recipe.' }, (query) => {
        notDone(query);
        void query.whereNull('preparations.started_at_ms');
      });
    },

    /** How far it is; nothing once it is done. */
    async progress(
      id: string,
      at: Pick<PreparationRow, 'rows_done' | 'rows_total' | 'seconds_left' | 'sentence'>,
      trx?: Trx,
    ): Promise<boolean> {
      return change(trx, id, at, notDone);
    },

    /** Ends it, once: false when it was done before. */
    async close(id: string, end: PreparationEnd, trx?: Trx): Promise<boolean> {
      const changes: Partial<PreparationRow> = {
        phase: 'done',
        outcome: end.outcome,
        reason: end.reason,
        sentence: end.reason,
        failure_type: end.failureType ?? null,
        output_dataset_id: end.outputDatasetId ?? null,
        result_json: end.resultJson ?? null,
        ...(end.rows === undefined ? {} : { rows_done: end.rows, rows_total: end.rows }),
        seconds_left: null,
        done_at_ms: end.nowMs,
      };
      return change(trx, id, changes, notDone);
    },

    /** All that is not done, of every workspace. */
    async open(trx?: Trx): Promise<PreparationRow[]> {
      return database.run(trx, (db) =>
        db('preparations')
          .whereNot('preparations.phase', 'done')
          .orderBy([{ column: 'preparations.accepted_at_ms' }, { column: 'preparations.id' }])
          .select('preparations.*'),
      );
    },

    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { deleted_at_ms: nowMs }, (query) => {
        void query
          .where('preparations.workspace_id', workspaceId)
          .whereNull('preparations.deleted_at_ms')
          .where('preparations.phase', 'done');
      });
    },
  };
}

export type PreparationStore = ReturnType<typeof preparationStore>;
