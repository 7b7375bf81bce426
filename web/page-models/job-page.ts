import type { JobFacts } from '../../db/read-models/job-page.ts';
import type { RecipeOfJob } from '../../db/read-models/recipe-lines.ts';
import type { Engine } from '../../domain/engine.ts';
import { familyOf, isFailureType } from '../../domain/failures.ts';
import { isStuck } from '../../domain/stuck.ts';
import { metricTitle, taskWords } from '../../domain/task.ts';
import type { CloudListing } from '../services/machine-service.ts';
import { presentLimit } from '../services/training-limit.ts';
import type { LogLine } from '../services/views.ts';
import { bestSoFarChart } from './best-so-far.ts';
import { type Chip, workChip } from './chip.ts';
import { chosenFacts } from './chosen-facts.ts';
import type { Drawing } from './closer-plots.ts';
import type { Clock } from './clock.ts';
import { type LeaderboardCard, leaderboardCard } from './leaderboard-card.ts';
import { learningLive } from './learning-live.ts';
import { type LineChart, lineChart } from './line-chart.ts';
import { type LogCard, logCard } from './log-card.ts';
import { type LoginCommand, type MachineCard, machineCard } from './machine-card.ts';
import { type MoneyCard, moneyCard } from './money-card.ts';
import { formatLimit, formatMany, formatScore } from './plain-words.ts';
import { type Bar, barOf, progressOf } from './progress-bar.ts';
import { type RecipeCard, recipeCard } from './recipes/recipe-card.ts';
import { type ReleaseCard, releaseCard } from './release-card.ts';
import { readReport } from './report.ts';
import { type ResultView, resultView } from './result-view.ts';
import { type TimelineCard, timelineCard } from './timeline-card.ts';
import { type Station, trackOf } from './track.ts';
import { type Alert, alertsOf } from './yard-page.ts';

export interface JobPage {
  id: string;
  href: string;
  name: string;
  chip: Chip;
  attemptChip: string | null;
  isOpen: boolean;
  sentence: string;
  failure: { title: string; message: string; whatToDo: string } | null;
  /** What does not go although it was asked to. */
  alerts: Alert[];
  track: Station[];
  bar: Bar | null;
  leaderboard: LeaderboardCard;
  best: LineChart | null;
  /** Drawn while it learns; a report has drawings of its own. */
  learning: Drawing[];
  metrics: MetricLine[];
  log: LogCard;
  money: MoneyCard;
  machine: MachineCard | null;
  from: { name: string; value: string; href: string | null }[];
  release: ReleaseCard;
  timeline: TimelineCard;
  lineage: { continues: Relative | null; continuedBy: Relative[]; sweep: Relative | null };
  actions: JobActions;
  result: { modelId: string; view: ResultView | null; predictions: string } | null;
  temporalHref: string | null;
  recipe: RecipeCard | null;
}

interface Relative {
  href: string;
  name: string;
}

export interface MetricLine {
  name: string;
  last: string;
  best: string;
  direction: string;
  unit: string;
  chart: LineChart | null;
}

export interface JobActions {
  mayStop: boolean;
  mayCancel: boolean;
  mayExtend: boolean;
  /** In whole minutes; the least is the first above the present limit. */
  extendTo: { minutes: number; least: number; most: number; now: string };
  mayRemove: boolean;
  mayContinue: boolean;
  /** For a done job: the same with other seeds, under an id of its own, so that pressed twice it is one sweep. */
  repeat: { sweepId: string } | null;
}

const removedData = 'data that was removed';

export function jobPage(
  facts: JobFacts,
  log: { lines: readonly LogLine[]; count: number },
  env: {
    clock: Clock;
    owner: string;
    temporalUiUrl: string | null;
    loginCommand: LoginCommand;
    /** Asked for only while something does not go. */
    listings: readonly CloudListing[];
    nextSweepId: string;
    engine: Engine | undefined;
    recipe: RecipeOfJob | undefined;
  },
): JobPage {
  const { job, spec, model } = facts;
  const { clock } = env;
  const isDone = job.done_at_ms !== null;
  const href = `/jobs/${job.id}`;
  const holdoutRows = facts.dataset ? Math.round(facts.dataset.row_count * spec.split.holdoutFraction) : null;
  const report = model ? readReport(model.report_json) : undefined;
  return {
    id: job.id,
    href,
    name: job.name,
    chip: workChip('job', job),
    attemptChip: attemptChip(facts),
    isOpen: !isDone,
    sentence: sentenceOf(facts),
    failure: failureOf(facts),
    alerts: alertsOf(
      facts.resources.filter((row) => row.state !== 'gone' && isStuck(row, clock.nowMs)),
      env.listings,
      clock.nowMs,
    ),
    track: trackOf('job', job, facts.timeline, clock, presentLimit(spec, facts.timeline)),
    bar: barOf(job, clock.nowMs),
    leaderboard: leaderboardCard(facts.leaderboard, {
      folds: spec.split.folds,
      holdoutRows,
      isDone,
      hasModel: model !== null,
      chosen: report?.best.model,
    }),
    best: bestSoFarChart(facts, clock.nowMs),
    learning: report?.learning ? [] : learningLive(facts.metrics),
    metrics: facts.metrics.filter((series) => !isDrawnAbove(series.name, facts)).map((series) => metricLine(series)),
    log: logCard(
      log.lines,
      {
        count: log.count,
        isDone,
        base: `${href}/log`,
        events: eventsFrom(facts, log.lines.at(-1)?.line ?? 0),
        deletedAtMs: job.log_deleted_at_ms,
      },
      clock,
    ),
    money: moneyCard(
      'job',
      job,
      facts.resources,
      { budgetMicros: spec.limits.budgetMicros, secondsLeft: secondsLeft(facts, clock.nowMs) },
      clock.nowMs,
    ),
    machine: machineCard(facts.attempts, facts.resources, clock, job, spec.machine.ssh ? env.loginCommand : undefined),
    from: fromFacts(facts, env),
    release: releaseCard(isDone, facts.resources, clock),
    timeline: timelineCard(facts.timeline, clock, env.owner),
    lineage: {
      continues: facts.continues && { href: `/jobs/${facts.continues.id}`, name: facts.continues.name },
      continuedBy: facts.continuedBy.map((each) => ({ href: `/jobs/${each.id}`, name: each.name })),
      sweep: facts.sweep && { href: `/sweeps/${facts.sweep.id}`, name: facts.sweep.name },
    },
    actions: actionsOf(facts, env),
    result: model
      ? {
          modelId: model.id,
          view: report ? resultView(report, model.id, spec.split.folds) : null,
          predictions: formatMany(facts.predictions, 'prediction'),
        }
      : null,
    recipe: recipeCard(env.recipe),
    temporalHref:
      env.temporalUiUrl && !isDone ? `${env.temporalUiUrl}/namespaces/default/workflows/job-${job.id}` : null,
  };
}

/** Where the stream goes on after what this page shows: see web/live/cursor.ts. */
function eventsFrom({ job, metrics, leaderboard }: JobFacts, line: number): string {
  const metricId = Math.max(0, ...metrics.map((series) => series.latestId));
  return `/api/v1/jobs/${job.id}/events?after=${line}.${metricId}.${leaderboard.at(-1)?.id ?? 0}.${job.version}`;
}

function attemptChip({ job, attempts }: JobFacts): string | null {
  const attempt = attempts.at(-1);
  if (!attempt || (job.attempt < 2 && !attempt.spot)) return null;
  return `attempt ${job.attempt}${attempt.spot ? ' · spot' : ''}`;
}

/** Why it is in this state, in one or two sentences, also before the first log line exists. */
function sentenceOf({ job, ahead }: JobFacts): string {
  if (job.done_at_ms !== null) return job.reason ?? job.sentence;
  const progress = job.phase === 'training' ? progressOf(job.progress_json)?.sentence : undefined;
  // What the trainer says of itself is newer, and more, than that its training has begun.
  const parts = [progress ? `${progress.replace(/[.…]$/, '')}.` : job.sentence];
  if (ahead > 0) parts.push(`${formatMany(ahead, 'other')} ${ahead === 1 ? 'is' : 'are'} before it.`);
  return [...new Set(parts.filter((part) => part !== ''))].join(' ');
}

const adviceFor = {
  user: 'Change the data or the settings and train again; trying the same again would end the same way.',
  platform: 'Train again like this: the next machine may be luckier. The log and the timeline say what happened.',
  bug: 'This is a mistake of ours. The log holds the details; train again, or report it with the id of the job.',
} as const;

function failureOf({ job }: JobFacts): JobPage['failure'] {
  if (job.outcome !== 'failed') return null;
  const family = isFailureType(job.failure_type) ? familyOf(job.failure_type) : 'bug';
  const titles = {
    user: 'The data or the settings do not allow it',
    platform: 'The machines failed',
    bug: 'Trainyard failed',
  };
  return { title: titles[family], message: job.reason ?? job.sentence, whatToDo: adviceFor[family] };
}

function secondsLeft({ job, spec, timeline }: JobFacts, nowMs: number): number | null {
  if (job.done_at_ms !== null) return null;
  if (job.training_deadline_ms !== null) return Math.max(0, (job.training_deadline_ms - nowMs) / 1000);
  return presentLimit(spec, timeline);
}

/** The trainer also sends the best score so far as a metric; the chart above shows it from the leaderboard. */
function isDrawnAbove(name: string, { leaderboard }: JobFacts): boolean {
  return leaderboard.some((entry) => !entry.baseline && entry.validation !== null && name === `best_${entry.metric}`);
}

function metricLine(series: JobFacts['metrics'][number]): MetricLine {
  const direction =
    series.higherIsBetter === null ? '' : series.higherIsBetter ? 'higher is better' : 'lower is better';
  return {
    name: series.name,
    last: formatScore(series.last),
    best: series.higherIsBetter === null ? '–' : formatScore(series.best),
    direction,
    unit: series.unit ?? '',
    chart: lineChart({
      title: series.name,
      caption: direction,
      xTitle: 'Step',
      yTitle: series.name,
      points: series.points,
    }),
  };
}

function fromFacts(
  { dataset, spec, job, timeline }: JobFacts,
  env: { clock: Clock; owner: string; engine: Engine | undefined },
): JobPage['from'] {
  const { task } = spec;
  const gone = !dataset || dataset.deleted_at_ms !== null;
  return [
    { name: 'Data', value: dataset?.name ?? removedData, href: gone ? null : `/data/${dataset.id}` },
    { name: 'Label', value: `${task.labels.join(', ')} (${taskWords[task.kind]})`, href: null },
    { name: 'Metric', value: metricTitle(task), href: null },
    { name: 'Engine', value: env.engine?.title ?? job.engine, href: null },
    ...chosenFacts(spec, env.engine),
    { name: 'Time limit', value: formatLimit(presentLimit(spec, timeline)), href: null },
    {
      name: 'Started by',
      value: `${job.owner === env.owner ? 'you' : job.owner}, ${env.clock.moment(job.accepted_at_ms).text}`,
      href: null,
    },
  ];
}

function actionsOf(
  { job, spec, model, timeline }: JobFacts,
  env: { engine: Engine | undefined; nextSweepId: string },
): JobActions {
  const isOpen = job.done_at_ms === null;
  const isAsked = job.cancel_asked_at_ms !== null || job.stop_asked_at_ms !== null;
  const now = presentLimit(spec, timeline);
  // The form counts in whole minutes.
  const mostMinutes = Math.floor(spec.limits.longestSeconds / 60);
  const canGrow = mostMinutes * 60 > now;
  const early = ['queued', 'preparing', 'provisioning', 'training'].includes(job.phase);
  return {
    mayStop: isOpen && !isAsked && early,
    mayCancel: isOpen && job.cancel_asked_at_ms === null && job.phase !== 'releasing',
    mayExtend: isOpen && !isAsked && early && canGrow,
    extendTo: {
      minutes: Math.min(mostMinutes, Math.ceil((now * 1.5) / 60)),
      least: Math.floor(now / 60) + 1,
      most: mostMinutes,
      now: formatLimit(now),
    },
    mayRemove: !isOpen,
    mayContinue: !isOpen && model !== null && (env.engine?.continues ?? false),
    repeat: job.outcome === 'succeeded' ? { sweepId: env.nextSweepId } : null,
  };
}
