import type { JobRow, PredictionRow } from '../../db/tables.ts';
import type { Holder } from '../../domain/ids.ts';
import { totalCost } from '../../domain/money.ts';
import type { WorkFacts } from '../live/work-facts.ts';
import type { ServiceOptions } from './options.ts';
import {
  attemptView,
  eventOrNull,
  jobSummary,
  leaderboardEntry,
  modelSummary,
  progressOf,
  resourceView,
  specOf,
  timelineEntry,
} from './row-views.ts';
import type { JobDetail, JobSummary } from './views.ts';

/** The running cost while it runs, by the ledger's intervals; the true one once it is known. */
export async function costNow(
  options: Pick<ServiceOptions, 'stores' | 'now'>,
  holder: Holder,
  row: JobRow | PredictionRow,
): Promise<JobSummary['cost']> {
  const now = options.now ?? Date.now;
  const isFinal = row.cost_is_final === 1;
  const micros =
    isFinal && row.cost_micros !== null
      ? row.cost_micros
      : totalCost(await options.stores.resources.intervals(holder), now());
  return { micros, isFinal, priceListDate: row.price_list_date };
}

/** What a holder has beside its own row. */
export async function partsOf({ stores }: ServiceOptions, holder: Holder) {
  const [attempts, timeline, resources] = await Promise.all([
    stores.attempts.list(holder),
    stores.timeline.list(holder),
    stores.resources.ofHolder(holder),
  ]);
  return {
    attempts: attempts.map(attemptView),
    timeline: timeline.map(timelineEntry),
    resources: resources.map(resourceView),
  };
}

export async function jobDetail(options: ServiceOptions, row: JobRow): Promise<JobDetail> {
  const { stores, log } = options;
  const holder = { kind: 'job', id: row.id } as const;
  const scope = { workspaceId: row.workspace_id, deleted: true };
  const spec = specOf(row);
  const [parts, cost, leaderboard, found, from, children, logLines, recipe] = await Promise.all([
    partsOf(options, holder),
    costNow(options, holder, row),
    stores.leaderboard.list(row.id),
    stores.models.findByJob(row.id),
    row.continues_job_id === null ? undefined : stores.jobs.get(scope, row.continues_job_id),
    stores.jobs.childrenOf(row.workspace_id, row.id),
    log.count(holder),
    spec.recipeId === null ? undefined : stores.recipes.get(scope, spec.recipeId),
  ]);
  const model = found && found.deleted_at_ms === null ? modelSummary(found) : null;
  return {
    ...jobSummary(row, model?.id ?? null),
    ...parts,
    cost,
    spec,
    trainingDeadlineMs: row.training_deadline_ms,
    leaderboard: leaderboard.map(leaderboardEntry),
    model,
    logLines,
    logDeletedAtMs: row.log_deleted_at_ms,
    recipe: recipe && spec.recipeVersion ? { id: recipe.id, name: recipe.name, version: spec.recipeVersion } : null,
    continues: from ? { id: from.id, name: from.name } : null,
    continuedBy: children.filter((child) => child.deleted_at_ms === null).map(({ id, name }) => ({ id, name })),
  };
}

/** What live pages show of a job or prediction itself. */
export async function workFacts(
  options: Pick<ServiceOptions, 'stores' | 'now'>,
  holder: Holder,
): Promise<WorkFacts | undefined> {
  const { stores } = options;
  const row = holder.kind === 'job' ? await stores.jobs.find(holder.id) : await stores.predictions.find(holder.id);
  if (!row) return undefined;
  const attempt = row.attempt === 0 ? undefined : await stores.attempts.get({ ...holder, attempt: row.attempt });
  return {
    ...holder,
    version: row.version,
    phase: row.phase,
    sentence: row.sentence,
    outcome: row.outcome,
    reason: row.reason,
    attempt: row.attempt,
    progress: progressOf(row.progress_json),
    cost: await costNow(options, holder, row),
    trainingDeadlineMs: 'training_deadline_ms' in row ? row.training_deadline_ms : null,
    heartbeat: eventOrNull(attempt?.heartbeat_json ?? null),
    lastHeardAtMs: attempt?.last_heard_at_ms ?? null,
  };
}
