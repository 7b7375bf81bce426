import type { JobSpec } from '../domain/job-spec.ts';
import { endingRules } from '../domain/outcomes.ts';
import { decide } from './activities-on.ts';
import { runAttempts } from './attempts.ts';
import { TimeBudget } from './time-budget.ts';
import { openWork, releasing, type WorkResult } from './work.ts';

/** From an accepted job to a kept model, on a machine that always comes home. */
export async function trainJob(spec: JobSpec): Promise<WorkResult> {
  const holder = { kind: 'job', id: spec.id } as const;
  const opened = openWork(holder);
  const time = new TimeBudget(spec.limits.trainingSeconds, spec.limits.longestSeconds);
  const job = opened.planned(await decide.planWork({ ...holder, cloud: spec.machine.cloud, type: spec.machine.type }));
  time.extendable(job);

  return releasing(job, async (undoWith) => {
    undoWith('place', () => decide.freePlace(holder));
    await job.waitForPlace();

    await job.enter('preparing', 'Laying out the data for the machine.');
    undoWith('bucket', () => job.on.releases.removeBucket(job.ours));
    await job.on.machines.createBucket(holder);
    undoWith('signals', () => job.on.releases.removeSignals(job.ours));
    await job.on.machines.createSignals(holder);
    await job.on.engines.prepareEngine({ ...holder, engine: spec.engine.name });
    await job.on.data.stageTraining(holder);

    const end = await runAttempts(
      job,
      time,
      { ...spec.limits, sentence: 'The machine is up; training begins.' },
      undoWith,
    );
    if (!end.hasResult || !endingRules[end.ending].collects) return end;

    await job.enter('collecting', 'Taking in the model, the report and the log.');
    const ref = { ...holder, attempt: job.attempt };
    await job.on.releases.removeMachine({ ...job.ours, attempt: job.attempt });
    await decide.freePlace(holder);
    return job.keeping(end, () => job.on.keeps.collectModel(ref));
  });
}
