import type { Knex } from 'knex';
import { TrainyardError } from '../../domain/failures.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import type { Outcome } from '../../domain/outcomes.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Database, Trx } from '../database.ts';
import { containing, inScope, type PageOf } from '../scope.ts';
import type { JobRow } from '../tables.ts';
import { workStore } from './work-store.ts';

/** The same key (or the same id) came before with another request. */
export class IdempotencyConflict extends TrainyardError {
  readonly existingId: string;
  constructor(existingId: string) {
    super(
      'BadSpec',
      'This was asked for before, with other contents.',
      'Use a new Idempotency-Key (or a new id) for a new job, or send the very same request.',
    );
    this.name = 'IdempotencyConflict';
    this.existingId = existingId;
  }
}

export interface AcceptJob {
  idempotencyKey: string | null;
  requestHash: string | null;
  nowMs: number;
  sentence?: string;
  /** The most that it may cost. */
  worstMicros?: number;
  /** Whose trial it is, and which. */
  trial?: { sweepId: string; number: number };
}

export const jobSorts = ['accepted', 'name', 'engine', 'phase', 'outcome', 'done', 'cost'] as const;
export type JobSort = (typeof jobSorts)[number];

const sortColumns: Record<JobSort, string> = {
  accepted: 'jobs.accepted_at_ms',
  name: 'jobs.name',
  engine: 'jobs.engine',
  phase: 'jobs.phase',
  outcome: 'jobs.outcome',
  done: 'jobs.done_at_ms',
  cost: 'jobs.cost_micros',
};

export interface JobFilter {
  phase?: Phase | readonly Phase[];
  outcome?: Outcome | readonly Outcome[];
  engine?: string;
  owner?: string;
  datasetId?: string;
  /** A part of the name, or the beginning of the id. */
  text?: string;
}

export interface JobListing extends JobFilter, PageOf {
  sort?: JobSort;
  direction?: 'asc' | 'desc';
}

export function jobStore(database: Database) {
  const { change, ...work } = workStore<JobRow>(database, 'job');

  function filtered(db: Knex, workspaceId: string, filter: JobFilter): Knex.QueryBuilder {
    const query: Knex.QueryBuilder = inScope(db, 'jobs', { workspaceId });
    if (filter.phase) void query.whereIn('jobs.phase', [filter.phase].flat());
    if (filter.outcome) void query.whereIn('jobs.outcome', [filter.outcome].flat());
    if (filter.engine) void query.where('jobs.engine', filter.engine);
    if (filter.owner) void query.where('jobs.owner', filter.owner);
    if (filter.datasetId) void query.where('jobs.dataset_id', filter.datasetId);
    const { text } = filter;
    if (text) {
      const byId = /^[0-9a-f-]{4,36}$/.test(text) ? `${text}%` : null;
      void query.where((either) => {
        void either.where(containing(db, 'jobs.name', text));
        if (byId) void either.orWhere('jobs.id', 'like', byId);
      });
    }
    return query;
  }

  return {
    ...work,

    /** Accepts a job: the same id, or the same key in the workspace, twice is the same as once. */
    async insert(spec: JobSpec, order: AcceptJob, trx?: Trx): Promise<{ inserted: boolean; row: JobRow }> {
      return database.transaction(async (own) => {
        const row = rowOf(spec, order);
        const inserted = await database.insertOnce('jobs', row, own);
        if (inserted) return { inserted, row };
        const byKey = { workspace_id: spec.workspaceId, idempotency_key: order.idempotencyKey };
        const there: JobRow | undefined =
          (order.idempotencyKey !== null && (await own('jobs').where(byKey).first())) ||
          (await own('jobs').where('jobs.id', spec.id).first());
        const same = there?.workspace_id === spec.workspaceId && there.request_hash === order.requestHash;
        if (!there || !same)
          throw new IdempotencyConflict(there?.workspace_id === spec.workspaceId ? there.id : spec.id);
        return { inserted, row: there };
      }, trx);
    },

    async list(workspaceId: string, listing: JobListing = {}, trx?: Trx): Promise<JobRow[]> {
      const { sort = 'accepted', direction = 'desc', limit = 50, offset = 0 } = listing;
      return database.run(trx, (db) =>
        filtered(db, workspaceId, listing)
          .orderBy([
            { column: sortColumns[sort], order: direction },
            { column: 'jobs.id', order: direction },
          ])
          .limit(limit)
          .offset(offset)
          .select('jobs.*'),
      );
    },

    async count(workspaceId: string, filter: JobFilter = {}, trx?: Trx): Promise<number> {
      const row = await database.run(trx, (db) =>
        filtered(db, workspaceId, filter).count({ jobs: '*' }).first<{ jobs: number }>(),
      );
      return row.jobs;
    },

    async setDeadline(id: string, trainingDeadlineMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { training_deadline_ms: trainingDeadlineMs });
    },

    async markLogDeleted(workspaceId: string, id: string, nowMs: number, trx?: Trx): Promise<boolean> {
      return change(trx, id, { log_deleted_at_ms: nowMs }, (query) => {
        void query.where('jobs.workspace_id', workspaceId).whereNull('jobs.log_deleted_at_ms');
      });
    },

    /** Done before then, and the log is still there: what retention takes away. */
    async withLogDoneBefore(doneBeforeMs: number, limit = 100, trx?: Trx): Promise<JobRow[]> {
      return database.run(trx, (db) =>
        db('jobs')
          .whereNull('jobs.log_deleted_at_ms')
          .where('jobs.phase', 'done')
          .where('jobs.done_at_ms', '<=', doneBeforeMs)
          .orderBy('jobs.done_at_ms')
          .limit(limit)
          .select('jobs.*'),
      );
    },

    /** The trials of a sweep that were begun, in order. */
    async ofSweep(sweepId: string, trx?: Trx): Promise<JobRow[]> {
      return database.run(trx, (db) =>
        db('jobs').where('jobs.sweep_id', sweepId).orderBy('jobs.sweep_trial').select('jobs.*'),
      );
    },

    /** The jobs that go on from this one. */
    async childrenOf(workspaceId: string, id: string, trx?: Trx): Promise<JobRow[]> {
      return database.run(trx, (db) =>
        inScope(db, 'jobs', { workspaceId, deleted: true })
          .where('jobs.continues_job_id', id)
          .orderBy('jobs.accepted_at_ms')
          .select('jobs.*'),
      );
    },
  };
}

export type JobStore = ReturnType<typeof jobStore>;

function rowOf(spec: JobSpec, order: AcceptJob): JobRow {
  return {
    id: spec.id,
    workspace_id: spec.workspaceId,
    owner: spec.owner,
    name: spec.name,
    dataset_id: spec.datasetId,
    engine: spec.engine.name,
    continues_job_id: spec.continuesJobId,
    spec_json: JSON.stringify(spec),
    idempotency_key: order.idempotencyKey,
    request_hash: order.requestHash,
    phase: 'queued',
    sentence: order.sentence ?? 'Waiting for a place.',
    outcome: null,
    reason: null,
    failure_type: null,
    attempt: 0,
    version: 1,
    accepted_at_ms: order.nowMs,
    started_at_ms: null,
    done_at_ms: null,
    cancel_asked_at_ms: null,
    stop_asked_at_ms: null,
    progress_json: null,
    training_deadline_ms: null,
    cost_micros: null,
    cost_is_final: 0,
    worst_micros: order.worstMicros ?? null,
    price_list_date: null,
    log_deleted_at_ms: null,
    deleted_at_ms: null,
    sweep_id: order.trial?.sweepId ?? null,
    sweep_trial: order.trial?.number ?? null,
  };
}
