import { metricRule } from '../../domain/task.ts';
import { type CloserLook, closerLook } from './closer-look.ts';
import { type ImportanceBars, importanceBars } from './importance-bars.ts';
import { betweenText, type Judged } from './interval.ts';
import { type LeaderboardCard, leaderboardCard } from './leaderboard-card.ts';
import { formatCount, formatFit, formatScore, listing } from './plain-words.ts';
import type { Report } from './report.ts';
import {
  type BarChart,
  type CurveChart,
  curveChart,
  histogramOf,
  type ScatterChart,
  scatterOf,
} from './report-plots.ts';

/** What a job leaves, judged: the same on the job's page and on the model's. */
export interface ResultView {
  headline: { validation: Headline; test: Headline; metric: string; direction: string; model: string };
  sentence: string;
  baseline: string;
  warnings: string[];
  scores: { metric: string; chosen: boolean; validation: string; test: string }[];
  leaderboard: LeaderboardCard;
  importance: ImportanceBars | null;
  confusion: ConfusionTable | null;
  residuals: { scatter: ScatterChart; histogram: BarChart } | null;
  curves: CurveChart[];
  closer: CloserLook;
  timings: { name: string; value: string }[];
  versions: { name: string; value: string }[];
  reportHref: string;
  /** Files beside the archive. */
  extras: { href: string; name: string; title: string }[];
}

export interface Headline {
  score: string;
  /** Where such rows would lie with 95 % confidence; empty where nobody knows. */
  between: string;
}

export interface ConfusionTable {
  labels: string[];
  rows: { actual: string; cells: { count: string; tone: 'right' | 'wrong' | ''; spoken: string }[] }[];
  sentence: string;
}

export function resultView(report: Report, modelId: string, folds: number): ResultView {
  const { metric, best, rows } = report;
  return {
    headline: {
      validation: headline({ ...best, value: best.validation, half: best.interval, metric }),
      test: headline({
        ...{ value: best.test, half: best.testInterval, low: best.testLow, high: best.testHigh, metric },
      }),
      metric: metric.title,
      direction: metric.higherIsBetter ? 'higher is better' : 'lower is better',
      model: best.model,
    },
    sentence:
      (rows?.test
        ? `${best.model} was chosen on validation and then judged once, on ${formatCount(rows.test)} rows that no model had seen.`
        : `${best.model} was chosen on validation.`) +
      (report.resumed ? ` Its last attempt went on from “${report.resumed.label}”.` : ''),
    baseline: baselineWords(report),
    warnings: report.warnings,
    scores: scoreRows(report),
    leaderboard: leaderboardCard(report.leaderboard, {
      folds,
      holdoutRows: null,
      isDone: true,
      hasModel: true,
      chosen: best.model,
    }),
    importance: importanceBars(report.importance),
    confusion: report.confusion ? confusionTable(report.confusion) : null,
    residuals: report.residuals
      ? { scatter: scatterOf(report.residuals.points), histogram: histogramOf(report.residuals.histogram) }
      : null,
    curves: curveCharts(report),
    closer: closerLook(report),
    timings: timingRows(report, folds),
    versions: Object.entries(report.versions ?? {}).map(([name, value]) => ({ name, value })),
    reportHref: `/models/${modelId}/report.html`,
    extras: report.extras.map(({ name, title }) => ({
      href: `/models/${modelId}/extras/${encodeURIComponent(name)}`,
      ...{ name, title },
    })),
  };
}

/** Of several classes or labels their average, as the title says. */
function curveCharts({ curves, curvesEach: each }: Report): CurveChart[] {
  const many = each ? `, average of ${each.macro.of} ${each.of === 'class' ? 'classes' : 'labels'}` : '';
  return [
    curveChart(`ROC curve${many}`, 'False positive rate', 'True positive rate', curves?.roc ?? each?.macro.roc, true),
    curveChart(`Precision and recall${many}`, 'Recall', 'Precision', curves?.pr ?? each?.macro.pr, false),
  ].filter((curve) => curve !== null);
}

function headline(judged: Judged): Headline {
  return { score: formatScore(judged.value), between: betweenText(judged) };
}

function baselineWords({ baseline, metric }: Report): string {
  if (!baseline?.difference) return baseline?.sentence ?? '';
  const { value, low, high } = baseline.difference;
  return `${baseline.sentence} Better by ${formatScore(value)} in ${metric.title}, 95 % interval ${formatScore(low)} to ${formatScore(high)}.`;
}

/** Told beside the metrics that a job can be chosen by. */
const shownOnly: Record<string, string> = { roc_auc_ovr: 'ROC AUC (one against the rest)' };

function scoreRows({ scores, metric }: Report): ResultView['scores'] {
  const names = [...new Set([metric.name, ...Object.keys(scores.validation), ...Object.keys(scores.test)])];
  return names.map((name) => ({
    metric: metricRule(name)?.title ?? shownOnly[name] ?? name,
    chosen: name === metric.name,
    validation: formatScore(scores.validation[name]),
    test: formatScore(scores.test[name]),
  }));
}

const spans: Record<string, string> = { load: 'Reading the data', fit: 'Fitting', report: 'Report', total: 'In all' };

function timingRows({ seconds, rows, seed }: Report, folds: number): ResultView['timings'] {
  const timings = Object.entries(seconds ?? {}).map(([name, value]) => ({
    name: spans[name] ?? name,
    value: formatFit(value),
  }));
  // Where the engine decided to fold, only the equal counts say so.
  const isFolded = folds > 1 || (rows?.train ?? 0) === rows?.validation;
  const parts = rows
    ? [
        // With folds every row does both in turn; counted twice, there would seem to be twice as many.
        ...(isFolded
          ? [`${formatCount(rows.train ?? 0)} to train and choose, by ${folds > 1 ? `${folds} ` : ''}folds`]
          : [`${formatCount(rows.train ?? 0)} to train`, `${formatCount(rows.validation ?? 0)} to choose`]),
        `${formatCount(rows.test ?? 0)} to judge`,
      ]
    : [];
  if (parts.length > 0) timings.push({ name: 'Rows', value: isFolded ? parts.join('; ') : listing(parts) });
  if (seed !== null && seed !== undefined) timings.push({ name: 'Seed', value: String(seed) });
  return timings;
}

function confusionTable(confusion: NonNullable<Report['confusion']>): ConfusionTable {
  const { labels, matrix } = confusion;
  let right = 0;
  let all = 0;
  matrix.forEach((row, i) =>
    row.forEach((count, j) => {
      all += count;
      if (i === j) right += count;
    }),
  );
  return {
    labels,
    rows: matrix.map((row, i) => ({
      actual: labels[i] ?? String(i),
      cells: row.map((count, j) => ({
        count: formatCount(count),
        tone: i === j ? 'right' : count > 0 ? 'wrong' : '',
        spoken: i === j ? 'right' : 'wrong',
      })),
    })),
    sentence: `${formatCount(confusion.right ?? right)} of ${formatCount(all)} held-out rows were put into their class.`,
  };
}
