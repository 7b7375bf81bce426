import type { JobFacts } from '../../db/read-models/job-page.ts';
import { metricRule } from '../../domain/task.ts';
import { type LineChart, lineChart } from './line-chart.ts';
import { retriesOf } from './track.ts';

/** The best validation score by minutes of training, with a mark where a machine was lost. */
export function bestSoFarChart({ leaderboard, timeline, job }: JobFacts, nowMs: number): LineChart | null {
  const scored = leaderboard.filter((entry) => !entry.baseline && entry.validation !== null);
  const first = scored[0];
  if (!first) return null;
  const training = timeline.find((row) => row.kind === 'phase' && row.phase === 'training');
  const beginMs = training?.at_ms ?? job.started_at_ms ?? first.at_ms;
  const minutes = (atMs: number) => Math.max(0, (atMs - beginMs) / 60_000);
  let best = first.validation as number;
  const points: [number, number][] = [];
  for (const entry of scored) {
    const value = entry.validation as number;
    best = entry.higherIsBetter ? Math.max(best, value) : Math.min(best, value);
    points.push([minutes(entry.at_ms), best]);
  }
  if (job.phase === 'training') points.push([minutes(nowMs), best]);
  const title = metricRule(first.metric)?.title ?? first.metric;
  return lineChart({
    title: 'Best score so far',
    caption: 'by minutes of training',
    xTitle: 'Minutes',
    yTitle: title,
    points,
    stepped: true,
    marks: retriesOf(timeline).map(({ attempt, atMs }) => ({
      x: minutes(atMs),
      text: `machine lost, attempt ${attempt}`,
    })),
    xWord: (x) => (x >= 10 ? `${x.toFixed(0)} min` : `${Number(x.toFixed(1))} min`),
  });
}
