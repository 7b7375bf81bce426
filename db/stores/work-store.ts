import type { Knex } from 'knex';
import type { HolderKind } from '../../domain/ids.ts';
import type { Micros } from '../../domain/money.ts';
import type { Outcome } from '../../domain/outcomes.ts';
import { type Phase, phasesBefore } from '../../domain/phases.ts';
import type { Database, Trx } from '../database.ts';
import { tableOf } from '../holder-version.ts';
import { inScope, type Scope } from '../scope.ts';
import type { JobRow, PredictionRow } from '../tables.ts';

/** `already`: it was done before, by this or by another; `refused`: it is not in a phase that may end. */
export type Closed = 'closed' | 'already' | 'refused';

export interface CloseOrder {
  outcome: Outcome;
  reason: string;
  failureType?: string | null;
  nowMs: number;
}

type Changes = Record<string, unknown>;

/** What jobs and predictions have in common. `get…` and `ask…` are for people and scoped; the rest is for activities. */
export function workStore<Row extends JobRow | PredictionRow>(database: Database, kind: HolderKind) {
  const table = tableOf[kind];
  // knex cannot work out the row of a table that is only known by its kind.
  // oxlint-disable-next-line typescript/no-explicit-any
  const rows = (db: Knex): any => db(table);

  async function change(
    trx: Trx | undefined,
    id: string,
    changes: Changes,
    guard: (query: Knex.QueryBuilder) => void = () => {},
  ): Promise<boolean> {
    const changed = await database.run(trx, (db) => {
      const query = db(table).where(`${table}.id`, id);
      guard(query);
      return query.update({ ...changes, version: db.raw('?? + 1', ['version']) });
    });
    return changed > 0;
  }

  const notDone = (query: Knex.QueryBuilder) => void query.whereNull(`${table}.done_at_ms`);

  /** Once only, and only on what the person may see. False: not there, or done, or asked before. */
  async function askOnce(
    column: 'cancel_asked_at_ms' | 'stop_asked_at_ms',
    workspaceId: string,
    id: string,
    nowMs: number,
    trx?: Trx,
  ): Promise<boolean> {
    return change(trx, id, { [column]: nowMs }, (query) => {
      notDone(query);
      void query.where(`${table}.workspace_id`, workspaceId).whereNull(`${table}.${column}`);
    });
  }

  return {
    change,

    async get(scope: string | Scope, id: string, trx?: Trx): Promise<Row | undefined> {
      const asked = typeof scope === 'string' ? { workspaceId: scope } : scope;
      return database.run<Row | undefined>(trx, (db): any =>
        inScope(db, table, asked).where(`${table}.id`, id).first(`${table}.*`),
      );
    },

    async find(id: string, trx?: Trx): Promise<Row | undefined> {
      return database.run<Row | undefined>(trx, (db) => rows(db).where(`${table}.id`, id).first(`${table}.*`));
    },

    /**
     * False when it may not go there from where it is (a late write of an earlier attempt, or after it was done).
     * Entering twice is the same as once. `done` is entered by `close` alone.
     */
    async enterPhase(
      id: string,
      phase: Exclude<Phase, 'done'>,
      sentence: string,
      attempt: number,
      trx?: Trx,
    ): Promise<boolean> {
      return change(trx, id, { phase, sentence, attempt }, (query) => {
        void query.whereIn(`${table}.phase`, phasesBefore(phase)).where(`${table}.attempt`, '<=', attempt);
      });
    },

    /** Another sentence for the same phase. */
    async say(id: string, sentence: string, trx?: Trx): Promise<boolean> {
      return change(trx, id, { sentence }, notDone);
    },

    async markStarted(id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { started_at_ms: nowMs }, (query) => void query.whereNull(`${table}.started_at_ms`));
    },

    async askCancel(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return askOnce('cancel_asked_at_ms', workspaceId, id, nowMs, trx);
    },

    async askStop(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return askOnce('stop_asked_at_ms', workspaceId, id, nowMs, trx);
    },

    async setProgress(id: string, progressJson: string, trx?: Trx): Promise<boolean> {
      return change(trx, id, { progress_json: progressJson });
    },

    /** A final cost stays; only another final one replaces it. */
    async setCost(
      id: string,
      micros: Micros,
      isFinal: boolean,
      priceListDate: string | null,
      trx?: Trx,
    ): Promise<boolean> {
      const cost = { cost_micros: micros, cost_is_final: isFinal ? 1 : 0, price_list_date: priceListDate };
      return change(trx, id, cost, (query) => {
        if (!isFinal) void query.where(`${table}.cost_is_final`, 0);
      });
    },

    async close(id: string, order: CloseOrder, trx?: Trx): Promise<Closed> {
      return database.transaction(async (own) => {
        const ending = {
          phase: 'done',
          outcome: order.outcome,
          reason: order.reason,
          sentence: order.reason,
          failure_type: order.failureType ?? null,
          done_at_ms: order.nowMs,
        };
        const closed = await change(own, id, ending, (query) => {
          notDone(query);
          void query.whereIn(`${table}.phase`, phasesBefore('done'));
        });
        if (closed) return 'closed';
        const row = await own(table).where(`${table}.id`, id).first(`${table}.done_at_ms`);
        return row && row.done_at_ms !== null ? 'already' : 'refused';
      }, trx);
    },

    /** All that is not done, of every workspace. */
    async open(trx?: Trx): Promise<Row[]> {
      return database.run<Row[]>(trx, (db) =>
        rows(db)
          .whereNot(`${table}.phase`, 'done')
          .orderBy([`${table}.accepted_at_ms`, `${table}.id`])
          .select(`${table}.*`),
      );
    },

    /** Only what is done can be deleted. The row stays. */
    async softDelete(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { deleted_at_ms: nowMs }, (query) => {
        void query
          .where(`${table}.workspace_id`, workspaceId)
          .whereNull(`${table}.deleted_at_ms`)
          .where(`${table}.phase`, 'done');
      });
    },
  };
}
