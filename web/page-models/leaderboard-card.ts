import type { JobFacts } from '../../db/read-models/job-page.ts';
import { metricRule } from '../../domain/task.ts';
import { intervalText } from './interval.ts';
import { formatCount, formatFit, formatScore } from './plain-words.ts';

export interface LeaderboardCard {
  caption: string;
  rows: {
    model: string;
    isBest: boolean;
    isBaseline: boolean;
    validation: string;
    interval: string;
    fit: string;
    speed: string;
  }[];
  note: string;
  empty: string;
  bestWord: string;
}

type Entry = Pick<
  JobFacts['leaderboard'][number],
  'model' | 'metric' | 'higherIsBetter' | 'validation' | 'interval' | 'fitSeconds' | 'predictMsPer1000' | 'baseline'
> &
  // A report of an older trainer has none.
  Partial<Pick<JobFacts['leaderboard'][number], 'low' | 'high'>>;

interface Ground {
  folds: number;
  holdoutRows: number | null;
  isDone: boolean;
  /** Without one nothing was chosen, however good it was. */
  hasModel: boolean;
  /** The model that the report says was chosen: of two with the same score it need not be the first. */
  chosen?: string | undefined;
}

export function leaderboardCard(entries: readonly Entry[], ground: Ground): LeaderboardCard {
  // The latest word about each model counts: an attempt after a lost machine says it again.
  const latest = [...new Map(entries.map((entry) => [entry.model, entry])).values()];
  const ranked = latest.toSorted(
    (a, b) => betterFirst(a, b) || Number(b.model === ground.chosen) - Number(a.model === ground.chosen),
  );
  const best =
    ranked.find((entry) => entry.model === ground.chosen) ??
    ranked.find((entry) => !entry.baseline && entry.validation !== null);
  const first = entries[0];
  return {
    caption: first ? captionOf(first.metric, first.higherIsBetter, ground.folds) : '',
    rows: ranked.map((entry) => ({
      model: entry.baseline ? baselineName(entry.model) : entry.model,
      isBest: entry === best,
      isBaseline: entry.baseline,
      validation: formatScore(entry.validation),
      interval: entry.baseline ? '–' : intervalOf(entry),
      fit: entry.baseline ? '–' : formatFit(entry.fitSeconds),
      speed: entry.baseline || entry.predictMsPer1000 === null ? '–' : speedOf(entry.predictMsPer1000),
    })),
    note:
      ground.holdoutRows === null || ground.isDone
        ? ''
        : `The winner is judged once, at the end, on ${formatCount(ground.holdoutRows)} rows that no model has seen.`,
    empty: ground.isDone ? 'No model was finished.' : 'Models appear here as they are fitted. None yet.',
    bestWord: !ground.isDone ? 'best so far' : ground.hasModel ? 'chosen' : 'best until its end',
  };
}

function intervalOf({ validation, interval, low, high, metric, higherIsBetter }: Entry): string {
  return intervalText({ value: validation, half: interval, low, high, metric: { name: metric, higherIsBetter } });
}

function captionOf(metric: string, higherIsBetter: boolean, folds: number): string {
  const title = metricRule(metric)?.title ?? metric;
  const validation = folds > 1 ? `${folds}-fold validation` : 'validation';
  return `${title}, ${validation} · ${higherIsBetter ? 'higher' : 'lower'} is better`;
}

function betterFirst(a: Entry, b: Entry): number {
  if (a.baseline !== b.baseline) return a.baseline ? 1 : -1;
  if (a.validation === null || b.validation === null)
    return Number(a.validation === null) - Number(b.validation === null);
  return a.higherIsBetter ? b.validation - a.validation : a.validation - b.validation;
}

function baselineName(model: string): string {
  return /baseline/i.test(model) ? model : `Baseline: ${model}`;
}

function speedOf(milliseconds: number): string {
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${formatCount(milliseconds)} ms`;
}
