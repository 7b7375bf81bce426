import { randomUUID } from 'node:crypto';
import { trialJobId, trialSpec } from '../../activities/sweeps.ts';
import type { JobSpec } from '../../domain/job-spec.ts';
import { type SweepSpec, sweepSpecSchema } from '../../domain/sweep.ts';
import type { PageApp } from './page-app.ts';

/** An open sweep like this job, with two seeds each of three numbers of trees: two of them have ended, one trains. */
export async function makeSweep({ stores }: Pick<PageApp, 'stores'>, jobId: string): Promise<string> {
  const job = await stores.jobs.find(jobId);
  if (!job) throw new Error(`There is no job ${jobId}.`);
  const { id: _id, name: _name, workspaceId, owner, ...base } = JSON.parse(job.spec_json) as JobSpec;
  const trees = [50, 200, 5000];
  const spec: SweepSpec = sweepSpecSchema.parse({
    ...{
      id: randomUUID(),
      workspaceId,
      owner,
      name: 'churn-spring, tried',
      base: { ...base, engine: { name: 'sklearn' } },
    },
    ...{ search: { kind: 'grid', values: { trees } }, seeds: 2, parallel: 3, limits: { budgetMicros: 9_000_000 } },
    trials: trees.flatMap((value, n) =>
      [0, 1].map((seed) => ({ number: n * 2 + seed + 1, combination: n + 1, settings: { trees: value }, seed })),
    ),
  });
  const nowMs = Date.now();
  await stores.sweeps.insert(spec, { metric: 'roc_auc', idempotencyKey: null, requestHash: null, nowMs });
  await stores.sweeps.markStarted(spec.id, nowMs);
  await stores.sweeps.say(spec.id, '1 trial is open, 1 to come.');
  const scores = [0.81, 0.83, 0.86, 0.9, null];
  for (const [index, score] of scores.entries()) {
    const trial = spec.trials[index];
    if (!trial) break;
    const id = trialJobId(spec.id, trial.number);
    const order = { idempotencyKey: null, requestHash: null, nowMs, trial: { sweepId: spec.id, number: trial.number } };
    await stores.jobs.insert(trialSpec(spec, trial), order);
    await stores.jobs.markStarted(id, nowMs);
    if (score === null) continue;
    await stores.jobs.enterPhase(id, 'releasing', '', 1);
    await stores.models.insert({
      ...{ id, workspace_id: workspaceId, owner, job_id: id, name: spec.name, engine: 'sklearn', metric: 'roc_auc' },
      ...{ archive_hash: 'a', archive_bytes: 1, signature_json: '{}', input_schema_json: '[]', report_json: '{}' },
      ...{ validation_score: score, test_score: score, created_at_ms: nowMs },
    });
    await stores.jobs.close(id, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs });
  }
  return spec.id;
}
