import type { DatasetRow } from '../../../db/tables.ts';
import type { Engine } from '../../../domain/engine.ts';
import { formatMoney } from '../../../domain/money.ts';
import { settingWords } from '../../../domain/sweep-words.ts';
import { metricTitle, taskWords } from '../../../domain/task.ts';
import type { SweepDetail, TrialView } from '../../services/sweep-views.ts';
import type { Chip } from '../chip.ts';
import type { Clock } from '../clock.ts';
import { formatLimit, formatMany, formatScore, formatSpan } from '../plain-words.ts';
import { sweepChip, trialChip } from './sweep-chip.ts';
import { type SweepPlot, sweepPlot } from './sweep-plot.ts';
import { meanText } from './sweeps-page.ts';

export interface SweepPage {
  id: string;
  href: string;
  name: string;
  chip: Chip;
  isOpen: boolean;
  mayStop: boolean;
  mayCancel: boolean;
  sentence: string;
  failed: boolean;
  metric: string;
  best: {
    score: string;
    words: string;
    settings: { name: string; value: string }[];
    links: { job: string; like: string } | null;
    note: string;
  } | null;
  columns: string[];
  showsSeed: boolean;
  trials: {
    number: number;
    name: string;
    href: string | null;
    values: string[];
    seed: string;
    chip: Chip;
    isBest: boolean;
    score: string;
    took: string;
    cost: string;
    sentence: string;
  }[];
  /** Mean and spread of each combination, best first; only where there are several of several seeds. */
  combinations: { values: string[]; score: string; seeds: string; isBest: boolean }[];
  plots: SweepPlot[];
  facts: { name: string; value: string; href: string | null }[];
}

interface Environment {
  clock: Clock;
  owner: string;
  engine: Engine | undefined;
  dataset: Pick<DatasetRow, 'id' | 'name'> | undefined;
}

export function sweepPage(sweep: SweepDetail, env: Environment): SweepPage {
  const { varied, best, bestTrial, combinations } = sweep;
  const isOpen = sweep.phase !== 'done';
  const titleOf = (name: string) => env.engine?.settings.find((setting) => setting.name === name)?.title ?? name;
  const metric = metricTitle(sweep.spec.base.task);
  const valuesOf = ({ settings }: Pick<TrialView, 'settings'>) => varied.map((name) => settingWords(settings[name]));
  const severalSeeds = new Set(sweep.trialList.map(({ seed }) => seed)).size > 1;
  return {
    id: sweep.id,
    href: `/sweeps/${sweep.id}`,
    name: sweep.name,
    chip: sweepChip(sweep),
    isOpen,
    mayStop: isOpen && sweep.stopAskedAtMs === null && sweep.cancelAskedAtMs === null,
    mayCancel: isOpen && sweep.cancelAskedAtMs === null,
    sentence: sweep.reason ?? sweep.sentence,
    failed: sweep.outcome === 'failed',
    metric,
    best: bestOf(sweep, titleOf),
    columns: varied.map(titleOf),
    showsSeed: severalSeeds,
    trials: sweep.trialList.map((trial) =>
      trialLine(trial, { values: valuesOf(trial), bestTrial, isOpen, nowMs: env.clock.nowMs }),
    ),
    combinations:
      severalSeeds && combinations.length > 1
        ? combinations.map((each) => ({
            values: valuesOf(each),
            score: meanText(each),
            seeds: formatMany(each.scored, 'seed'),
            isBest: each.combination === best?.combination,
          }))
        : [],
    plots: varied.flatMap((name) => sweepPlot(titleOf(name), metric, plotted(sweep, name)) ?? []),
    facts: factsOf(sweep, metric, env),
  };
}

function plotted({ trialList, bestTrial }: SweepDetail, setting: string) {
  return trialList.flatMap(({ number, settings, job }) => {
    const score = job?.score ?? null;
    return score === null ? [] : [{ number, value: settings[setting] ?? null, score, isBest: number === bestTrial }];
  });
}

function bestOf(sweep: SweepDetail, titleOf: (name: string) => string): SweepPage['best'] {
  const { best, bestTrial, bestJobId, varied } = sweep;
  if (!best || best.mean === null) return null;
  return {
    score: meanText(best),
    words:
      best.scored === 1 ? `trial ${bestTrial}` : `mean ± standard deviation over ${formatMany(best.scored, 'seed')}`,
    settings: varied.map((name) => ({ name: titleOf(name), value: settingWords(best.settings[name]) })),
    // Removed by somebody: then only what it came to is left.
    links: bestJobId === null ? null : { job: `/jobs/${bestJobId}`, like: `/jobs/new?like=${bestJobId}` },
    note: best.isComplete ? '' : 'Not all of its seeds have ended yet.',
  };
}

function trialLine(
  { number, seed, job }: TrialView,
  { values, bestTrial, isOpen, nowMs }: { values: string[]; bestTrial: number | null; isOpen: boolean; nowMs: number },
): SweepPage['trials'][number] {
  const began = job?.startedAtMs ?? null;
  return {
    number,
    name: `Trial ${number}`,
    href: job && !job.isRemoved ? `/jobs/${job.id}` : null,
    values,
    seed: String(seed),
    chip: trialChip(job, !isOpen),
    isBest: number === bestTrial,
    score: formatScore(job?.score),
    took: began === null ? '–' : formatSpan((job?.doneAtMs ?? nowMs) - began),
    cost: job ? formatMoney(job.cost.micros) : '–',
    sentence: job?.outcome === 'failed' ? job.sentence : '',
  };
}

const searchWords = { grid: 'every combination', random: 'drawn at random', seeds: 'the same settings, other seeds' };

function factsOf(
  sweep: SweepDetail,
  metric: string,
  { clock, owner, engine, dataset }: Environment,
): SweepPage['facts'] {
  const { base, limits, parallel, search } = sweep.spec;
  const plain = (name: string, value: string) => ({ name, value, href: null });
  return [
    { name: 'Data', value: dataset?.name ?? 'data that was removed', href: dataset ? `/data/${dataset.id}` : null },
    plain('Label', `${base.task.labels.join(', ')} (${taskWords[base.task.kind]})`),
    plain('Compared by', `${metric} in validation`),
    plain('Engine', engine?.title ?? sweep.engine),
    plain('Trials', `${sweep.trials.planned}, ${searchWords[search.kind]}`),
    plain('At once', `at most ${parallel}`),
    plain('Each trains', `at most ${formatLimit(base.limits.trainingSeconds)}`),
    ...(limits.totalSeconds === null ? [] : [plain('All together', `at most ${formatLimit(limits.totalSeconds)}`)]),
    plain('Cost so far', formatMoney(sweep.costMicros)),
    plain('Shared budget', limits.budgetMicros === null ? 'none' : formatMoney(limits.budgetMicros)),
    plain('Started by', `${sweep.owner === owner ? 'you' : sweep.owner}, ${clock.moment(sweep.acceptedAtMs).text}`),
  ];
}
