import type { SweepTrialRow } from '../../db/read-models/sweep-trials.ts';
import type { SweepRow } from '../../db/tables.ts';
import type { SweepSpec } from '../../domain/sweep.ts';
import { type Ranking, rank } from '../../domain/sweep-ranking.ts';
import { variedIn } from '../../domain/sweep-trials.ts';
import type { SweepDetail, SweepSummary, TrialView } from './sweep-views.ts';

/** Rows of the database as the service of sweeps answers with them. */

function specOfSweep(row: SweepRow): SweepSpec {
  return JSON.parse(row.spec_json) as SweepSpec;
}

function rankingOf(row: SweepRow, { trials }: SweepSpec, begun: readonly SweepTrialRow[]): Ranking {
  const jobs = new Map(begun.map((job) => [job.sweep_trial, job]));
  const scores = trials.flatMap(({ number, combination, settings }) => {
    const job = jobs.get(number);
    if (!job) return [];
    return [{ number, combination, settings, isOpen: job.phase !== 'done', validation: job.validation_score }];
  });
  const planned = new Map([...Map.groupBy(trials, (trial) => trial.combination)].map(([n, all]) => [n, all.length]));
  return rank(scores, row.metric, planned);
}

export function sweepSummary(row: SweepRow, begun: readonly SweepTrialRow[]): SweepSummary {
  const { best, bestTrial } = rankingOf(row, specOfSweep(row), begun);
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    datasetId: row.dataset_id,
    engine: row.engine,
    metric: row.metric,
    phase: row.phase,
    sentence: row.sentence,
    outcome: row.outcome,
    reason: row.reason,
    version: row.version,
    acceptedAtMs: row.accepted_at_ms,
    startedAtMs: row.started_at_ms,
    doneAtMs: row.done_at_ms,
    cancelAskedAtMs: row.cancel_asked_at_ms,
    stopAskedAtMs: row.stop_asked_at_ms,
    trials: {
      planned: row.trial_count,
      begun: begun.length,
      open: begun.filter(({ phase }) => phase !== 'done').length,
      succeeded: begun.filter(({ outcome }) => outcome === 'succeeded').length,
    },
    best,
    bestTrial,
    bestJobId:
      begun.find(({ sweep_trial, deleted_at_ms }) => sweep_trial === bestTrial && deleted_at_ms === null)?.id ?? null,
    costMicros: begun.reduce((sum, { cost_micros }) => sum + (cost_micros ?? 0), 0),
  };
}

export function sweepDetail(row: SweepRow, begun: readonly SweepTrialRow[]): SweepDetail {
  const spec = specOfSweep(row);
  const { trials, ...without } = spec;
  const jobs = new Map(begun.map((job) => [job.sweep_trial, job]));
  return {
    ...sweepSummary(row, begun),
    spec: without,
    varied: variedIn(spec.search),
    trialList: trials.map((trial) => ({ ...trial, job: jobOf(jobs.get(trial.number)) })),
    combinations: rankingOf(row, spec, begun).combinations,
  };
}

function jobOf(job: SweepTrialRow | undefined): TrialView['job'] {
  if (!job) return null;
  return {
    id: job.id,
    phase: job.phase,
    outcome: job.outcome,
    sentence: job.reason ?? job.sentence,
    attempt: job.attempt,
    acceptedAtMs: job.accepted_at_ms,
    startedAtMs: job.started_at_ms,
    doneAtMs: job.done_at_ms,
    cancelAskedAtMs: job.cancel_asked_at_ms,
    stopAskedAtMs: job.stop_asked_at_ms,
    cost: { micros: job.cost_micros ?? 0, isFinal: job.cost_is_final === 1, priceListDate: job.price_list_date },
    modelId: job.model_id,
    isRemoved: job.deleted_at_ms !== null,
    score: job.validation_score,
  };
}
