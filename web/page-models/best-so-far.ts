import type { JobFacts } from '../../db/read-models/job-page.ts';
import { metricRule } from '../../domain/task.ts';
import { type LineChart, lineChart } from './line-chart.ts';
import { retriesOf } from './track.ts';

/** Below this it is counted in seconds: a minute has too few round parts. */
const shortMs = 3 * 60_000;

/** The best validation score by time of training, with a mark where a machine was lost. */
export function bestSoFarChart({ leaderboard, timeline, job }: JobFacts, nowMs: number): LineChart | null {
  const scored = leaderboard.filter((entry) => !entry.baseline && entry.validation !== null);
  const first = scored[0];
  if (!first) return null;
  const training = timeline.find((row) => row.kind === 'phase' && row.phase === 'training');
  const beginMs = training?.at_ms ?? job.started_at_ms ?? first.at_ms;
  const endMs = Math.max(trainedUntil(timeline, job, nowMs), ...scored.map((entry) => entry.at_ms));
  const unit =
    endMs - beginMs < shortMs
      ? { title: 'Seconds', sign: 's', ms: 1000 }
      : { title: 'Minutes', sign: 'min', ms: 60_000 };
  const time = (atMs: number) => Math.max(0, Number(((atMs - beginMs) / unit.ms).toFixed(1)));
  let best = first.validation as number;
  const points: [number, number][] = [];
  for (const entry of scored) {
    const value = entry.validation as number;
    best = entry.higherIsBetter ? Math.max(best, value) : Math.min(best, value);
    points.push([time(entry.at_ms), best]);
  }
  // The last best holds until the end, however long nothing better came.
  points.push([time(endMs), best]);
  const title = metricRule(first.metric)?.title ?? first.metric;
  return lineChart({
    title: 'Best score so far',
    caption: `by ${unit.title.toLowerCase()} of training`,
    xTitle: unit.title,
    yTitle: title,
    points,
    stepped: true,
    marks: retriesOf(timeline).map(({ attempt, atMs }) => ({
      x: time(atMs),
      text: `attempt ${attempt - 1}’s machine lost`,
    })),
    xWord: (x) => `${x} ${unit.sign}`,
  });
}

/** When training ended: the axis is the same while it trains and after, however the job ended. */
function trainedUntil(timeline: JobFacts['timeline'], job: JobFacts['job'], nowMs: number): number {
  const phases = timeline.filter((row) => row.kind === 'phase');
  const last = phases.findLastIndex((row) => row.phase === 'training');
  // Behind the last training comes what follows it, or the next attempt that is still on its way to train.
  const next = phases[last + 1];
  return next && next.phase !== 'done' ? next.at_ms : (job.done_at_ms ?? nowMs);
}
