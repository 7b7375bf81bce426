import { settingWords } from '../domain/sweep-words.ts';
import { metricRule } from '../domain/task.ts';
import type { SweepDetail, SweepSummary } from '../web/services/sweep-views.ts';
import { callMe, many, moneyOf, scoreOf, stateOf, table } from './show.ts';

function meanOf({ mean, spread }: NonNullable<SweepSummary['best']>): string {
  return spread === null ? scoreOf(mean) : `${scoreOf(mean)} ± ${spread.toPrecision(2)}`;
}

/** The mean of several seeds is no score of a trial: each has its own in the table. */
function withSeeds(best: NonNullable<SweepSummary['best']>): string {
  return best.scored > 1 ? `, mean of ${many(best.scored, 'seed')}` : '';
}

export function bestSoFar({ best }: Pick<SweepSummary, 'best'>): string {
  return best?.mean ? ` Best so far: ${meanOf(best)}${withSeeds(best)}.` : '';
}

function bestOf({ best, bestTrial, trialList, metric }: SweepDetail): string {
  if (!best?.mean) return '';
  const score = `Best: ${meanOf(best)} ${metricRule(metric)?.title ?? metric} in validation`;
  if (best.scored < 2) return `${score}, trial ${bestTrial}`;
  const own = trialList.find(({ number }) => number === bestTrial)?.job?.score ?? null;
  return `${score}${withSeeds(best)}; its best trial is ${bestTrial} with ${scoreOf(own)}`;
}

export function sweepsTable(sweeps: readonly SweepSummary[], isOpen: boolean): string {
  if (sweeps.length === 0 && isOpen) return 'No open sweeps.';
  if (sweeps.length === 0) {
    return `No sweeps yet. Start one: ${callMe} sweep start data.csv --label COLUMN --grid trees=50,100,200`;
  }
  const rows = sweeps.map((sweep) => [
    sweep.id,
    sweep.name,
    sweep.engine,
    stateOf(sweep),
    `${sweep.trials.begun - sweep.trials.open} of ${sweep.trials.planned}`,
    sweep.best ? meanOf(sweep.best) : '–',
    moneyOf(sweep.costMicros),
  ]);
  return table(['ID', 'NAME', 'ENGINE', 'STATE', 'TRIALS ENDED', 'BEST', 'COST'], rows);
}

export function sweepText(sweep: SweepDetail): string {
  const { varied, bestTrial } = sweep;
  const rows = sweep.trialList.map(({ number, settings, seed, job }) => [
    `${number === bestTrial ? '*' : ' '} ${number}`,
    ...varied.map((name) => settingWords(settings[name])),
    String(seed),
    job ? stateOf(job) : sweep.phase === 'done' ? 'not begun' : 'to come',
    scoreOf(job?.score ?? null),
    job?.id ?? '',
  ]);
  return [
    `${sweep.name}  ${stateOf(sweep)}`,
    sweep.reason ?? sweep.sentence,
    bestOf(sweep),
    table(['TRIAL', ...varied.map((name) => name.toUpperCase()), 'SEED', 'STATE', 'SCORE', 'JOB'], rows),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
