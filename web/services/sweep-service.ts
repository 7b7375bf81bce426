import { randomUUID } from 'node:crypto';
import { goneMeanwhile } from '../../activities/gone-meanwhile.ts';
import { useOf } from '../../activities/workspace-use.ts';
import { sweepOrder } from '../../activities/reconcile/mend-sweeps.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import { readSweepTrials, type SweepTrialRow } from '../../db/read-models/sweep-trials.ts';
import { IdempotencyConflict } from '../../db/stores/job-store.ts';
import type { SweepRow } from '../../db/tables.ts';
import type { Engine } from '../../domain/engine.ts';
import { formatMoney } from '../../domain/money.ts';
import { type SweepRequest, type SweepRequestInput, sweepRequestSchema, type SweepSpec } from '../../domain/sweep.ts';
import { checkSweep, refusedTrials, trialsOf } from '../../domain/sweep-trials.ts';
import { defaultMetric } from '../../domain/task.ts';
import { tooMuchForMonth } from '../../domain/workspace-limits.ts';
import { sensibleBudget } from '../../domain/worst-case.ts';
import { deliver } from './deliver.ts';
import { costNow } from './job-details.ts';
import { hashOf, idOfKey, requestLike } from './job-requests.ts';
import type { ServiceOptions } from './options.ts';
import { conflict, notFound } from './refused.ts';
import { problemsIn } from './request-problems.ts';
import { specOf } from './row-views.ts';
import type { Asked, JobService, Page, Rejected, Removal, Who } from './services.ts';
import { sweepDetail, sweepSummary } from './sweep-rows.ts';
import type { SweepCheckView, SweepDetail, SweepSummary } from './sweep-views.ts';
import type { FieldProblem } from './views.ts';

export interface SweepCheck extends SweepCheckView {
  /** Complete; absent when there are problems. */
  spec?: SweepSpec;
}

export interface SweepService {
  check(who: Who, request: unknown): Promise<SweepCheck>;
  /** The same id or key twice is one sweep; the same key with another request is refused (409). */
  accept(
    who: Who,
    request: unknown,
    options?: { idempotencyKey?: string },
  ): Promise<{ sweep: SweepSummary; sentence: string; created: boolean } | Rejected>;
  get(who: Who, id: string): Promise<SweepDetail>;
  list(who: Who, query: { open?: boolean | undefined; offset?: number; limit?: number }): Promise<Page<SweepSummary>>;
  /** Open trials are cancelled; those that have ended stay. */
  cancel(who: Who, id: string): Promise<Asked>;
  /** Open trials come to their end; no more are begun. */
  stop(who: Who, id: string): Promise<Asked>;
  /** What would go and what would stay. */
  removal(who: Who, id: string): Promise<Removal>;
  /** Only when it is done. Its trials are jobs, and stay. */
  remove(who: Who, id: string): Promise<Removal>;
  /** The same job with several seeds. */
  requestRepeating(who: Who, jobId: string, count: number, id?: string): Promise<SweepRequestInput>;
}

const later = 'The Temporal server does not answer now; it is done as soon as it does.';

export function sweepService(options: ServiceOptions, jobs: Pick<JobService, 'check'>): SweepService {
  const { stores, work, engines, onError } = options;
  const now = options.now ?? Date.now;

  const find = async (who: Who, id: string): Promise<SweepRow> => {
    const row = await stores.sweeps.get(who.workspaceId, id);
    if (!row) throw notFound('sweep with this id', 'See the list of sweeps.');
    return row;
  };
  const trialsBegun = (ids: readonly string[]) => readSweepTrials(stores.database, ids);
  const summary = async (row: SweepRow) => sweepSummary(row, await withCosts(await trialsBegun([row.id])));

  /** What open trials have cost so far is counted by the ledger; of those that ended it is in their rows. */
  const withCosts = (trials: readonly SweepTrialRow[]): Promise<SweepTrialRow[]> =>
    Promise.all(
      trials.map(async (trial) => {
        if (trial.phase === 'done' || trial.phase === 'queued') return trial;
        const job = await stores.jobs.find(trial.id);
        if (!job) return trial;
        const { micros } = await costNow(options, { kind: 'job', id: trial.id }, job);
        return { ...trial, cost_micros: micros };
      }),
    );

  const begin = async (row: SweepRow): Promise<string> => {
    const isTold = row.phase === 'done' || row.started_at_ms !== null;
    const delivered = isTold || (await deliver(() => work.startSweep(sweepOrder(row)), onError));
    return delivered ? 'Accepted.' : 'Accepted. It starts as soon as the Temporal server answers again.';
  };

  const refused = (problems: FieldProblem[], warnings: string[] = []): SweepCheck => ({
    ...{ problems, warnings, trials: [], worstCase: null },
  });

  /** Everything of a job that is not a setting is the same for all trials, and is checked once. */
  const check = async (who: Who, given: unknown): Promise<SweepCheck> => {
    const parsed = sweepRequestSchema.safeParse(given);
    if (!parsed.success) return refused(problemsIn(parsed.error));
    const request = parsed.data;
    const { trainingSeconds } = request.base.limits;
    // Not extended: the shared limits count on it, and trials of different lengths could not be compared.
    const limits = { ...request.base.limits, longestSeconds: trainingSeconds };
    const engine = (await engines.describe()).find(({ name }) => name === request.base.engine.name);
    const ofSweep = engine ? checkSweep(request, engine) : [];
    const trials = engine && ofSweep.length === 0 ? trialsOf(request, engine) : [];
    const base = await jobs.check(
      who,
      { ...request.base, limits, name: request.name },
      trials.map(({ settings }) => settings),
    );
    const found = [
      ...base.problems.map(({ field, message }) => ({ field: field === '' ? '' : `base.${field}`, message })),
      ...ofSweep,
      ...seedProblems(request),
      ...refusedTrials(request, trials, base.trialProblems),
    ];
    if (found.length > 0 || !base.spec || !engine) return refused(found, base.warnings);
    const { id: _id, name: _name, workspaceId: _workspace, owner: _owner, ...asked } = base.spec;
    const complete = base.needsBudget ? capped(asked, base.worstCase?.extendedMicros ?? 0) : asked;
    const spec: SweepSpec = {
      id: request.id ?? randomUUID(),
      workspaceId: who.workspaceId,
      owner: who.owner,
      name: request.name,
      base: complete,
      search: request.search,
      seeds: request.search.kind === 'seeds' ? request.search.count : request.seeds,
      parallel: request.parallel,
      limits: request.limits,
      trials,
    };
    const trialMicros = base.worstCase?.extendedMicros ?? 0;
    const { problems, worstCase } = worstOf(spec, trialMicros, base.needsBudget ?? false);
    if (worstCase && options.workspaceLimits) {
      const use = await useOf(stores, { workspaceId: who.workspaceId, nowMs: now() });
      const message = tooMuchForMonth(options.workspaceLimits, use, worstCase.micros);
      if (message !== undefined) problems.push({ field: 'limits.budgetMicros', message });
    }
    if (problems.length > 0) return refused(problems, base.warnings);
    const warnings = [...base.warnings, ...fewerThanAsked(request, spec, engine)];
    return { spec, problems: [], warnings, trials: spec.trials, worstCase };
  };

  const removal = async (who: Who, id: string): Promise<Removal> => {
    const row = await find(who, id);
    const trials = (await trialsBegun([id])).filter((trial) => trial.deleted_at_ms === null).length;
    const refusal = row.phase === 'done' ? null : 'It is not done. Cancel it first, and wait for its trials to end.';
    const stays =
      trials > 0
        ? [`its ${trials === 1 ? 'trial' : `${trials} trials`} in the list of jobs, with models and costs`]
        : [];
    return { goes: ['its entry in the list of sweeps', 'the comparison of its trials'], stays, refusal };
  };

  return {
    check,
    removal,

    async remove(who, id) {
      const what = await removal(who, id);
      if (what.refusal !== null) throw conflict(what.refusal);
      await stores.sweeps.softDelete(who.workspaceId, id, now());
      return what;
    },

    async accept(who, given, { idempotencyKey } = {}) {
      const parsed = sweepRequestSchema.safeParse(given);
      if (!parsed.success) return { problems: problemsIn(parsed.error) };
      const request = parsed.data;
      const requestHash = hashOf(request);
      const id =
        request.id ?? (idempotencyKey === undefined ? undefined : idOfKey(who.workspaceId, idempotencyKey, 'sweep'));
      const before = id === undefined ? undefined : await stores.sweeps.get({ ...who, deleted: true }, id);
      if (before) {
        if (before.request_hash !== requestHash) throw askedDifferently();
        return { sweep: await summary(before), sentence: await begin(before), created: false };
      }
      const checked = await check(who, id === undefined ? request : { ...request, id });
      if (!checked.spec) return { problems: checked.problems };
      const { spec } = checked;
      const { task } = spec.base;
      const order = {
        metric: task.metric ?? defaultMetric(task.kind),
        ...{ idempotencyKey: idempotencyKey ?? null, requestHash, nowMs: now() },
      };
      const kept = await stores.database
        .transaction(async (trx) => {
          const gone = await goneMeanwhile(stores, { ...spec.base, workspaceId: who.workspaceId }, trx);
          return gone ? { problems: [gone] } : stores.sweeps.insert(spec, order, trx);
        })
        .catch((error: unknown) => {
          throw error instanceof IdempotencyConflict ? askedDifferently() : error;
        });
      if ('problems' in kept) return kept;
      return { sweep: await summary(kept.row), sentence: await begin(kept.row), created: kept.inserted };
    },

    async get(who, id) {
      const row = await find(who, id);
      return sweepDetail(row, await withCosts(await trialsBegun([id])));
    },

    async list(who, { open, offset = 0, limit = 50 }) {
      const narrow = open === undefined ? {} : { open };
      const [rows, total] = await Promise.all([
        stores.sweeps.list(who.workspaceId, { ...narrow, offset, limit }),
        countOf(stores.database, 'sweeps', who.workspaceId, narrow),
      ]);
      const trials = Map.groupBy(await trialsBegun(rows.map((row) => row.id)), ({ sweep_id }) => sweep_id);
      return { items: rows.map((row) => sweepSummary(row, trials.get(row.id) ?? [])), total, offset, limit };
    },

    async cancel(who, id) {
      const row = await find(who, id);
      if (row.phase === 'done') throw conflict(`It is done already: ${row.reason ?? row.outcome}`);
      await stores.sweeps.askCancel(who.workspaceId, id, now());
      const delivered = await deliver(() => work.cancel({ kind: 'sweep', id }), onError);
      const sentence = `Cancelling: its open trials are taken down; those that have ended stay.${delivered ? '' : ` ${later}`}`;
      return { sentence, delivered };
    },

    async stop(who, id) {
      const row = await find(who, id);
      if (row.phase === 'done') throw conflict(`It is done already: ${row.reason ?? row.outcome}`);
      await stores.sweeps.askStop(who.workspaceId, id, now());
      const delivered = await deliver(() => work.stop({ kind: 'sweep', id }), onError);
      const sentence = `No more trials are begun; the open ones come to their end.${delivered ? '' : ` ${later}`}`;
      return { sentence, delivered };
    },

    async requestRepeating(who, jobId, count, id) {
      const job = await stores.jobs.get(who.workspaceId, jobId);
      if (!job) throw notFound('job with this id', 'It may have been removed. See the list of jobs.');
      const { name, ...base } = requestLike(specOf(job));
      const suffix = `, ${count} seeds`;
      return {
        ...(id === undefined ? {} : { id }),
        name: `${name.slice(0, 60 - suffix.length)}${suffix}`,
        base,
        search: { kind: 'seeds', count },
      };
    },
  };
}

/** A trial that is billed has a cap of its own, too: what it costs at worst, unless a lower one was given. */
function capped(base: SweepSpec['base'], worstMicros: number): SweepSpec['base'] {
  return { ...base, limits: { ...base.limits, budgetMicros: base.limits.budgetMicros ?? worstMicros } };
}

function worstOf(
  spec: SweepSpec,
  trialMicros: number,
  needsBudget: boolean,
): { problems: FieldProblem[]; worstCase: SweepCheck['worstCase'] } {
  const { budgetMicros, totalSeconds } = spec.limits;
  if (budgetMicros === null && needsBudget) {
    const all = formatMoney(sensibleBudget(trialMicros * spec.trials.length));
    const message = `Trials on machines that are billed need a shared budget. ${all} covers the worst case of all ${spec.trials.length}.`;
    return { problems: [{ field: 'limits.budgetMicros', message }], worstCase: null };
  }
  if (budgetMicros !== null && budgetMicros < trialMicros) {
    const message = `One trial can cost ${formatMoney(trialMicros)} at most, which is more than the shared budget. Give more, or cap each trial.`;
    return { problems: [{ field: 'limits.budgetMicros', message }], worstCase: null };
  }
  const { trainingSeconds } = spec.base.limits;
  if (totalSeconds !== null && totalSeconds < trainingSeconds) {
    const message = `One trial may train for ${trainingSeconds} s, which is more than the shared time.`;
    return { problems: [{ field: 'limits.totalSeconds', message }], worstCase: null };
  }
  const sum = trialMicros * spec.trials.length;
  const micros = Math.min(sum, budgetMicros ?? Number.POSITIVE_INFINITY);
  const each = `${spec.trials.length} trials, each at most ${formatMoney(trialMicros)}`;
  const ended = sum > micros ? '; the shared budget ends it there' : '';
  const sentence =
    micros === 0 ? 'It costs nothing.' : `At most ${formatMoney(micros)}: ${each}${ended}. Usually much less.`;
  return { problems: [], worstCase: { trialMicros, micros, sentence } };
}

/** A job that goes on from a model divides rows as that was divided: its seed is that one's, whatever is asked. */
function seedProblems({ base, search, seeds }: SweepRequest): FieldProblem[] {
  if (!base.continuesJobId || (search.kind !== 'seeds' && seeds < 2)) return [];
  const message = 'A job that goes on from a model has the seed of that model: other seeds would make the same again.';
  return [{ field: search.kind === 'seeds' ? 'search.count' : 'seeds', message }];
}

function fewerThanAsked({ search, seeds }: SweepRequest, { trials }: SweepSpec, engine: Engine): string[] {
  if (search.kind !== 'random' || trials.length >= search.count * seeds) return [];
  return [`The ranges of ${engine.title} have no more than ${trials.length / seeds} different combinations.`];
}

function askedDifferently() {
  return conflict(
    'This id or Idempotency-Key was used before, for another request.',
    'Use a new one for a new sweep, or send the very same request again.',
  );
}
