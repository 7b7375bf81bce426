import type { WorkRow } from '../../db/read-models/work-rows.ts';
import { formatMoney } from '../../domain/money.ts';
import { metricRule } from '../../domain/task.ts';
import { type Chip, workChip } from './chip.ts';
import type { Clock, Moment } from './clock.ts';
import { formatDuration, formatScore } from './plain-words.ts';
import { barOf, type Bar, progressOf } from './progress-bar.ts';

/** A job or a prediction as a line of a list. */
export interface WorkLine {
  id: string;
  kind: 'job' | 'prediction';
  kindWord: string;
  href: string;
  name: string;
  chip: Chip;
  isOpen: boolean;
  sentence: string;
  bar: Bar | null;
  data: string;
  engine: string;
  score: string;
  metric: string;
  accepted: Moment;
  took: string;
  cost: string;
  costNote: string;
  mayCancel: boolean;
}

/** How people call the engines, by the names that requests have. */
export type EngineTitles = ReadonlyMap<string, string>;

export function workLine(row: WorkRow, clock: Clock, engines: EngineTitles): WorkLine {
  const isOpen = row.done_at_ms === null;
  return {
    id: row.id,
    kind: row.kind,
    kindWord: row.kind === 'job' ? 'Training' : 'Prediction',
    href: `/${row.kind}s/${row.id}`,
    name: row.kind === 'job' ? row.name : predictionName(row.name, row.dataset_name),
    chip: workChip(row.kind, row),
    isOpen,
    sentence: sentenceOf(row, isOpen),
    bar: barOf(row, clock.nowMs),
    data: row.dataset_name ?? '–',
    engine: row.engine ? (engines.get(row.engine) ?? row.engine) : '–',
    score: formatScore(row.test_score ?? row.validation_score),
    metric: row.metric ? (metricRule(row.metric)?.title ?? row.metric) : '',
    accepted: clock.moment(row.accepted_at_ms),
    took: formatDuration((row.done_at_ms ?? clock.nowMs) - row.accepted_at_ms),
    cost: row.cost_micros === null ? '–' : formatMoney(row.cost_micros),
    costNote: row.cost_micros === null ? '' : row.cost_is_final ? 'final' : 'estimated',
    mayCancel: isOpen && row.cancel_asked_at_ms === null,
  };
}

/** A model predicts many times: only with its data is it told apart. */
export function predictionName(model: string | null, dataset: string | null): string {
  return `${model ?? removedModel} on ${dataset ?? 'removed data'}`;
}

export const removedModel = 'a removed model';

/** While it trains, what the trainer says of itself is newer than what the workflow said. */
function sentenceOf(row: WorkRow, isOpen: boolean): string {
  if (!isOpen) return row.reason ?? row.sentence;
  const progress = row.phase === 'training' ? progressOf(row.progress_json)?.sentence : undefined;
  return progress || row.sentence;
}
