import { tooMuchFor } from '../../activities/workspace-use.ts';
import { goneMeanwhile } from '../../activities/gone-meanwhile.ts';
import { IdempotencyConflict } from '../../db/stores/job-store.ts';
import { readModelIds } from '../../db/read-models/jobs-models.ts';
import type { JobRow } from '../../db/tables.ts';
import { phases } from '../../domain/phases.ts';
import { deliver } from './deliver.ts';
import { workAsks } from './job-asks.ts';
import { jobChecker, parseRequest } from './job-check.ts';
import { jobDetail } from './job-details.ts';
import { jobRemoval } from './job-removal.ts';
import { hashOf, idOfKey, requestContinuing, requestLike } from './job-requests.ts';
import { metricSeries } from './metric-views.ts';
import type { ServiceOptions } from './options.ts';
import { conflict, notFound } from './refused.ts';
import { jobSummary, metricPoint, specOf } from './row-views.ts';
import type { HealthService, JobListQuery, JobService, Rejected, Who } from './services.ts';

type Kept = Rejected | { inserted: boolean; row: JobRow };

const openPhases = phases.filter((phase) => phase !== 'done');

export function jobService(options: ServiceOptions, health: HealthService): JobService {
  const { stores, work, onError } = options;
  const now = options.now ?? Date.now;
  const check = jobChecker(options, health);
  const asks = workAsks(options);
  const removal = jobRemoval(options);

  const find = async (who: Who, id: string): Promise<JobRow> => {
    const row = await stores.jobs.get(who.workspaceId, id);
    if (!row) throw notFound('job with this id', 'It may have been removed. See the list of jobs.');
    return row;
  };

  const summary = async (row: JobRow) =>
    jobSummary(row, (await readModelIds(stores.database, [row.id])).get(row.id) ?? null);

  /** Telling Temporal twice is the same as once; what cannot be told now, reconcile finds. */
  const begin = async (row: JobRow) => {
    const isTold = row.phase === 'done' || row.started_at_ms !== null;
    const delivered = isTold || (await deliver(() => work.startJob(specOf(row)), onError));
    return delivered ? 'Accepted.' : 'Accepted. It starts as soon as the Temporal server answers again.';
  };

  return {
    check,

    async accept(who, given, { idempotencyKey } = {}) {
      const parsed = parseRequest(given);
      // More of what is wrong than its form alone is told at once.
      if ('problems' in parsed) return { problems: (await check(who, given)).problems };
      const { request } = parsed;
      const requestHash = hashOf(request);
      const id = request.id ?? (idempotencyKey === undefined ? undefined : idOfKey(who.workspaceId, idempotencyKey));

      // What was accepted stays accepted, even if it would not be any more.
      const before = id === undefined ? undefined : await stores.jobs.get({ ...who, deleted: true }, id);
      if (before) {
        if (before.request_hash !== requestHash) throw askedDifferently();
        return { job: await summary(before), sentence: await begin(before), created: false };
      }

      const checked = await check(who, id === undefined ? request : { ...request, id });
      if (!checked.spec) return { problems: checked.problems };
      const { spec } = checked;
      const worstMicros = checked.worstCase?.extendedMicros ?? 0;
      const order = { idempotencyKey: idempotencyKey ?? null, requestHash, worstMicros, nowMs: now() };
      const kept = await stores.database
        .transaction(async (trx): Promise<Kept> => {
          const gone = await goneMeanwhile(stores, spec, trx);
          if (gone) return { problems: [gone] };
          const weighed = { workspaceId: spec.workspaceId, worstMicros, nowMs: order.nowMs };
          const message = options.workspaceLimits && (await tooMuchFor(stores, options.workspaceLimits, weighed, trx));
          if (message) return { problems: [{ field: 'limits.budgetMicros', message }] };
          return stores.jobs.insert(spec, order, trx);
        })
        .catch((error: unknown) => {
          throw error instanceof IdempotencyConflict ? askedDifferently() : error;
        });
      if ('problems' in kept) return kept;
      return { job: await summary(kept.row), sentence: await begin(kept.row), created: kept.inserted };
    },

    get: async (who, id) => jobDetail(options, await find(who, id)),

    async list(who, query) {
      const { offset = 0, limit = 50 } = query;
      const filter = filterOf(query);
      const [rows, total] = await Promise.all([
        stores.jobs.list(who.workspaceId, {
          ...filter,
          offset,
          limit,
          sort: query.sort ?? 'accepted',
          direction: query.order ?? 'desc',
        }),
        stores.jobs.count(who.workspaceId, filter),
      ]);
      const models = await readModelIds(
        stores.database,
        rows.map((row) => row.id),
      );
      return { items: rows.map((row) => jobSummary(row, models.get(row.id) ?? null)), total, offset, limit };
    },

    async metrics(who, id) {
      await find(who, id);
      return metricSeries((await stores.metrics.list(id, 0, 100_000)).map(metricPoint));
    },

    cancel: async (who, id) => asks.cancel(who, { kind: 'job', id }, await find(who, id)),
    stop: async (who, id) => asks.stop(who, { kind: 'job', id }, await find(who, id)),
    extend: async (who, id, request) => asks.extend(who, await find(who, id), request),
    removal: async (who, id, how) => removal.name(who, await find(who, id), how),
    remove: async (who, id, how) => removal.remove(who, await find(who, id), how),
    requestLike: async (who, id) => requestLike(specOf(await find(who, id))),

    async requestContinuing(who, id, extraSeconds) {
      const row = await find(who, id);
      if (row.phase !== 'done') throw conflict('It is not done yet. Extend its time instead.');
      const model = await stores.models.findByJob(id);
      if (!model || model.deleted_at_ms !== null) throw conflict('It has no model to continue from.');
      return requestContinuing(specOf(row), extraSeconds);
    },
  };
}

function askedDifferently() {
  return conflict(
    'This id or Idempotency-Key was used before, for another request.',
    'Use a new one for a new job, or send the very same request again.',
  );
}

function filterOf({ phase, outcome, open, engine, datasetId, search }: JobListQuery) {
  const byPhase = phase ?? (open === undefined ? undefined : open ? openPhases : ('done' as const));
  return {
    ...(byPhase === undefined ? {} : { phase: byPhase }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(engine === undefined ? {} : { engine }),
    ...(datasetId === undefined ? {} : { datasetId }),
    ...(search === undefined || search === '' ? {} : { text: search }),
  };
}
