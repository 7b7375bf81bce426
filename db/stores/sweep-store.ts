import type { Knex } from 'knex';
import type { Outcome } from '../../domain/outcomes.ts';
import type { SweepSpec } from '../../domain/sweep.ts';
import type { Database, Trx } from '../database.ts';
import { inScope, type PageOf, type Scope } from '../scope.ts';
import type { SweepRow } from '../tables.ts';
import { IdempotencyConflict } from './job-store.ts';

export interface AcceptSweep {
  metric: string;
  idempotencyKey: string | null;
  requestHash: string | null;
  nowMs: number;
}

/** `get`, `list` and `ask…` are for people and scoped; the rest is for activities. */
export function sweepStore(database: Database) {
  async function change(
    trx: Trx | undefined,
    id: string,
    changes: Partial<SweepRow>,
    guard: (query: Knex.QueryBuilder) => void = () => {},
  ): Promise<boolean> {
    const changed = await database.run(trx, (db) => {
      const query: Knex.QueryBuilder = db('sweeps').where('sweeps.id', id);
      guard(query);
      return query.update({ ...changes, version: db.raw('?? + 1', ['version']) });
    });
    return changed > 0;
  }

  const notDone = (query: Knex.QueryBuilder) => void query.whereNull('sweeps.done_at_ms');

  return {
    /** Accepts it: the same id, or the same key in the workspace, twice is the same as once. */
    async insert(spec: SweepSpec, order: AcceptSweep, trx?: Trx): Promise<{ inserted: boolean; row: SweepRow }> {
      return database.transaction(async (own) => {
        const row = rowOf(spec, order);
        const inserted = await database.insertOnce('sweeps', row, own);
        if (inserted) return { inserted, row };
        const byKey = { workspace_id: spec.workspaceId, idempotency_key: order.idempotencyKey };
        const there: SweepRow | undefined =
          (order.idempotencyKey !== null && (await own('sweeps').where(byKey).first())) ||
          (await own('sweeps').where('sweeps.id', spec.id).first());
        const isOurs = there?.workspace_id === spec.workspaceId;
        if (!there || !isOurs || there.request_hash !== order.requestHash) {
          throw new IdempotencyConflict(isOurs ? there.id : spec.id);
        }
        return { inserted, row: there };
      }, trx);
    },

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<SweepRow | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run(trx, (db) => inScope(db, 'sweeps', asked).where('sweeps.id', id).first('sweeps.*'));
    },

    async find(id: string, trx?: Trx): Promise<SweepRow | undefined> {
      return database.run(trx, (db) => db('sweeps').where('sweeps.id', id).first('sweeps.*'));
    },

    /** To decide on what comes next: until the end of `trx` nobody else can, and nothing can be asked of it. */
    async hold(id: string, trx: Trx): Promise<SweepRow | undefined> {
      return trx('sweeps').where('sweeps.id', id).forUpdate().first('sweeps.*');
    },

    async list(workspaceId: string, listing: PageOf & { open?: boolean } = {}, trx?: Trx): Promise<SweepRow[]> {
      return database.run(trx, (db) => {
        const query = inScope(db, 'sweeps', { workspaceId });
        if (listing.open === true) void query.whereNot('sweeps.phase', 'done');
        if (listing.open === false) void query.where('sweeps.phase', 'done');
        return query
          .orderBy([
            { column: 'sweeps.accepted_at_ms', order: 'desc' },
            { column: 'sweeps.id', order: 'desc' },
          ])
          .limit(listing.limit ?? 50)
          .offset(listing.offset ?? 0)
          .select('sweeps.*');
      });
    },

    async askCancel(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { cancel_asked_at_ms: nowMs }, (query) => {
        notDone(query);
        void query.where('sweeps.workspace_id', workspaceId).whereNull('sweeps.cancel_asked_at_ms');
      });
    },

    async askStop(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { stop_asked_at_ms: nowMs }, (query) => {
        notDone(query);
        void query.where('sweeps.workspace_id', workspaceId).whereNull('sweeps.stop_asked_at_ms');
      });
    },

    async markStarted(id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { started_at_ms: nowMs, phase: 'training' }, (query) => {
        notDone(query);
        void query.whereNull('sweeps.started_at_ms');
      });
    },

    /** Where it is; nothing once it is done. Open pages follow the version, which grows also when the words are the same. */
    async say(id: string, sentence: string, trx?: Trx): Promise<boolean> {
      return change(trx, id, { sentence }, notDone);
    },

    /** Ends it, once: false when it was done before. */
    async close(id: string, end: { outcome: Outcome; reason: string; nowMs: number }, trx?: Trx): Promise<boolean> {
      const { outcome, reason, nowMs } = end;
      return change(trx, id, { phase: 'done', outcome, reason, sentence: reason, done_at_ms: nowMs }, notDone);
    },

    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { deleted_at_ms: nowMs }, (query) => {
        void query
          .where({ 'sweeps.workspace_id': workspaceId, 'sweeps.phase': 'done' })
          .whereNull('sweeps.deleted_at_ms');
      });
    },

    /** All that is not done, of every workspace. */
    async open(trx?: Trx): Promise<SweepRow[]> {
      return database.run(trx, (db) =>
        db('sweeps')
          .whereNot('sweeps.phase', 'done')
          .orderBy([{ column: 'sweeps.accepted_at_ms' }, { column: 'sweeps.id' }])
          .select('sweeps.*'),
      );
    },
  };
}

export type SweepStore = ReturnType<typeof sweepStore>;

function rowOf(spec: SweepSpec, order: AcceptSweep): SweepRow {
  return {
    id: spec.id,
    workspace_id: spec.workspaceId,
    owner: spec.owner,
    name: spec.name,
    dataset_id: spec.base.datasetId,
    engine: spec.base.engine.name,
    metric: order.metric,
    spec_json: JSON.stringify(spec),
    trial_count: spec.trials.length,
    idempotency_key: order.idempotencyKey,
    request_hash: order.requestHash,
    phase: 'queued',
    sentence: 'It has just been accepted.',
    outcome: null,
    reason: null,
    version: 1,
    accepted_at_ms: order.nowMs,
    started_at_ms: null,
    done_at_ms: null,
    cancel_asked_at_ms: null,
    stop_asked_at_ms: null,
    deleted_at_ms: null,
  };
}
