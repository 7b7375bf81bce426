import { formatMoney } from '../../../domain/money.ts';
import { metricRule } from '../../../domain/task.ts';
import type { Page } from '../../services/services.ts';
import type { SweepSummary } from '../../services/sweep-views.ts';
import type { Chip } from '../chip.ts';
import type { Clock, Moment } from '../clock.ts';
import { formatMany, formatScore, formatSpread } from '../plain-words.ts';
import type { EngineTitles } from '../work-line.ts';
import { sweepChip } from './sweep-chip.ts';

export interface SweepsPage {
  summary: string;
  rows: {
    href: string;
    name: string;
    chip: Chip;
    engine: string;
    trials: string;
    best: string;
    metric: string;
    accepted: Moment;
    cost: string;
  }[];
}

export function sweepsPage(found: Page<SweepSummary>, clock: Clock, engines: EngineTitles): SweepsPage {
  return {
    summary:
      found.total > found.items.length
        ? `the newest ${found.items.length} of ${found.total}`
        : formatMany(found.total, 'sweep'),
    rows: found.items.map((sweep) => ({
      href: `/sweeps/${sweep.id}`,
      name: sweep.name,
      chip: sweepChip(sweep),
      engine: engines.get(sweep.engine) ?? sweep.engine,
      trials: String(sweep.trials.planned),
      best: meanText(sweep.best),
      metric: sweep.best?.mean === null || !sweep.best ? '' : (metricRule(sweep.metric)?.title ?? sweep.metric),
      accepted: clock.moment(sweep.acceptedAtMs),
      cost: formatMoney(sweep.costMicros),
    })),
  };
}

/** 0.9412 ± 0.006 over the seeds, where there are several. */
export function meanText(best: Pick<NonNullable<SweepSummary['best']>, 'mean' | 'spread'> | null): string {
  if (!best || best.mean === null) return '–';
  const mean = formatScore(best.mean);
  return best.spread === null ? mean : `${mean} ± ${formatSpread(best.spread, best.mean)}`;
}
