import type { DatasetSummary, JobDetail, JobSummary, LogLine, PredictionSummary } from '../web/services/views.ts';
import type { PreparationView } from '../web/services/recipe-views.ts';
import { metricRule } from '../domain/task.ts';
import type { Problem } from './client.ts';
import { flagOf } from './flag-of.ts';

/** How a person calls this program: hints can be copied as they stand. */
export const callMe = './x trainyard';

const outcomeWords: Record<string, string> = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled',
  over_budget: 'Over budget',
};

export function stateOf({ phase, outcome }: Pick<JobSummary, 'phase' | 'outcome'>): string {
  return outcome === null ? phase : (outcomeWords[outcome] ?? outcome);
}

export function moneyOf(micros: number): string {
  return `$${(micros / 1_000_000).toFixed(micros !== 0 && micros < 100_000 ? 4 : 2)}`;
}

export function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

export function sizeOf({ rows, columnCount }: Pick<DatasetSummary, 'rows' | 'columnCount'>): string {
  return `${many(rows, 'row')}, ${many(columnCount, 'column')}`;
}

/** Columns as wide as what is in them. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function jobsTable(jobs: readonly JobSummary[], asked: { open?: boolean; search?: string } = {}): string {
  if (jobs.length === 0) {
    const open = asked.open ? 'open ' : '';
    if (asked.search !== undefined) return `No ${open}job has “${asked.search}” in its name.`;
    return open ? 'No open jobs.' : `No jobs yet. Train one: ${callMe} train data.csv --label COLUMN`;
  }
  const rows = jobs.map((job) => [
    job.id,
    job.name,
    job.engine,
    stateOf(job),
    timeOf(job.acceptedAtMs),
    moneyOf(job.cost.micros),
  ]);
  return table(['ID', 'NAME', 'ENGINE', 'STATE', 'ACCEPTED (UTC)', 'COST'], rows);
}

export function datasetsTable(datasets: readonly DatasetSummary[]): string {
  if (datasets.length === 0) return `No data yet. Training brings it: ${callMe} train data.csv --label COLUMN`;
  const rows = datasets.map((dataset) => [
    dataset.id,
    dataset.name,
    String(dataset.rows),
    String(dataset.columnCount),
    timeOf(dataset.createdAtMs),
  ]);
  return table(['ID', 'NAME', 'ROWS', 'COLUMNS', 'ADDED (UTC)'], rows);
}

export function predictionsTable(predictions: readonly PredictionSummary[]): string {
  if (predictions.length === 0) return `No predictions yet. Make one: ${callMe} predict JOB new.csv -o out.csv`;
  const rows = predictions.map((prediction) => [
    prediction.id,
    prediction.modelId,
    stateOf(prediction),
    String(prediction.rows ?? '–'),
    timeOf(prediction.acceptedAtMs),
    moneyOf(prediction.cost.micros),
  ]);
  return table(['ID', 'MODEL', 'STATE', 'ROWS', 'ACCEPTED (UTC)', 'COST'], rows);
}

export function preparationsTable(preparations: readonly PreparationView[]): string {
  if (preparations.length === 0) return `No preparations yet. Make one: ${callMe} prepare RECIPE`;
  const rows = preparations.map((each) => [each.id, each.name, stateOf(each), timeOf(each.acceptedAtMs)]);
  return table(['ID', 'NAME', 'STATE', 'ACCEPTED (UTC)'], rows);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').slice(0, 16);
}

export function jobText(job: JobDetail): string {
  const best = job.leaderboard.filter(({ baseline }) => !baseline);
  const lines = [
    `${job.name}  ${stateOf(job)}${job.attempt > 1 ? `, attempt ${job.attempt}` : ''}`,
    job.outcome === null ? sayingOf(job) : (job.reason ?? ''),
    `engine ${job.engine} · predicts ${job.task.labels.join(', ')} · cost ${moneyOf(job.cost.micros)}${job.cost.isFinal ? '' : ' (estimated)'}`,
  ];
  if (job.model) {
    const { metric, validationScore, testScore } = job.model;
    lines.push(
      `${metricRule(metric)?.title ?? metric}: ${scoreOf(validationScore)} in validation, ${scoreOf(testScore)} on rows no model has seen`,
    );
    lines.push(`Get it: ${callMe} model ${job.id} -o model.zip`);
  } else if (best.length > 0) lines.push(best.length === 1 ? '1 model so far' : `${best.length} models so far`);
  return lines.filter((line) => line !== '').join('\n');
}

/** While it trains, what the trainer says of itself is newer than that it has begun. */
function sayingOf({ phase, progress, sentence }: JobDetail): string {
  return (phase === 'training' && progress?.sentence) || sentence;
}

export function scoreOf(score: number | null): string {
  return score === null ? '–' : score.toPrecision(4);
}

export function logText({ atMs, source, text }: LogLine): string {
  const mark = source === 'out' ? '' : `[${source}] `;
  return `${new Date(atMs).toISOString().slice(11, 19)} ${mark}${text}`;
}

export function problemText({ title, detail, hint, problems = [], requestId }: Problem): string {
  // A file that cannot be read has one problem, which is the detail itself.
  const fields = problems
    .filter(({ field, message }) => field !== '' && !detail.startsWith(`${field}: ${message}`) && message !== detail)
    .map(({ field, message }) => `  ${flagOf(field)}: ${message}`);
  const first = problems.find(({ field }) => field !== '' && detail.startsWith(`${field}: `))?.field;
  const said = first === undefined ? detail : `${flagOf(first)}${detail.slice(first.length)}`;
  const tail = [hint, requestId === undefined ? undefined : `Request ${requestId}`];
  return [`${title}: ${said}`, ...fields, ...tail].filter((line) => line !== undefined).join('\n');
}
