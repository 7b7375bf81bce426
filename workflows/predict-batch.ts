import { endingRules } from '../domain/outcomes.ts';
import type { PredictionSpec } from '../domain/prediction-spec.ts';
import { decide } from './activities-on.ts';
import { runAttempts } from './attempts.ts';
import { TimeBudget } from './time-budget.ts';
import { type End, openWork, releasing, type WorkResult } from './work.ts';

/** A model over a dataset: one output row for each input row. The same machine, the same way home as a job. */
export async function predictBatch(spec: PredictionSpec): Promise<WorkResult> {
  const holder = { kind: 'prediction', id: spec.id } as const;
  const opened = openWork(holder);
  const time = new TimeBudget(spec.limits.seconds, spec.limits.seconds);
  const work = opened.planned(await decide.planWork({ ...holder, cloud: spec.machine.cloud, type: spec.machine.type }));

  return releasing(work, async (undoWith) => {
    undoWith('place', () => decide.freePlace(holder));
    await work.waitForPlace();

    await work.enter('preparing', 'Checking the data against the model.');
    undoWith('bucket', () => work.on.releases.removeBucket(work.ours));
    await work.on.machines.createBucket(holder);
    undoWith('signals', () => work.on.releases.removeSignals(work.ours));
    await work.on.machines.createSignals(holder);
    await work.on.engines.prepareEngine({ ...holder, engine: spec.engine });
    await work.on.data.stagePrediction(holder);

    const limits = { ...spec.limits, sentence: 'The machine is up; predicting.' };
    const end = cutOff(await runAttempts(work, time, limits, undoWith));
    if (!end.hasResult || !endingRules[end.ending].collects) return end;

    await work.enter('collecting', 'Taking in the predictions.');
    const ref = { ...holder, attempt: work.attempt };
    await work.on.releases.removeMachine({ ...work.ours, attempt: work.attempt });
    await decide.freePlace(holder);
    return work.keeping(end, () => work.on.keeps.collectPrediction(ref));
  });
}

/** Rows without predictions are no result: what is said of a training that was cut off does not fit. */
function cutOff(end: End): End {
  if (end.hasResult || end.reason !== undefined || end.failure) return end;
  const before = 'before every row had its prediction';
  if (end.ending === 'time_up') return { ...end, reason: `The time limit was reached ${before}. Predict fewer rows.` };
  if (end.ending === 'money_up') return { ...end, reason: `The budget was used up ${before}.` };
  return end;
}
