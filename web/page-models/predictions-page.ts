import { z } from 'zod';
import type { PredictionFacts, PredictionLine } from '../../db/read-models/prediction-pages.ts';
import type { RecipeOfJob } from '../../db/read-models/recipe-lines.ts';
import { castText, ignoredText, type Mended } from '../../domain/fit-to-model.ts';
import type { Allow } from '../../domain/prediction-spec.ts';
import { type Chip, workChip } from './chip.ts';
import type { Clock } from './clock.ts';
import { cell, type PreviewCell, type PreviewTable } from './dataset-page.ts';
import { type MachineCard, machineCard } from './machine-card.ts';
import { type MoneyCard, moneyCard } from './money-card.ts';
import { formatCount, formatMany } from './plain-words.ts';
import { type Bar, barOf, progressOf } from './progress-bar.ts';
import { type RecipeCard, recipeCard } from './recipes/recipe-card.ts';
import { type ReleaseCard, releaseCard } from './release-card.ts';
import { type TimelineCard, timelineCard } from './timeline-card.ts';
import { type Station, trackOf } from './track.ts';
import { type EngineTitles, predictionName, removedModel, type WorkLine, workLine } from './work-line.ts';

export interface PredictionsPage {
  rows: (WorkLine & { model: string; rows: string })[];
}

export function predictionsPage(
  lines: readonly PredictionLine[],
  clock: Clock,
  engines: EngineTitles,
): PredictionsPage {
  return {
    rows: lines.map((line) => ({
      ...workLine(line, clock, engines),
      model: line.name ?? removedModel,
      rows: line.row_count === null ? '–' : formatCount(line.row_count),
    })),
  };
}

export interface PredictionPage {
  id: string;
  href: string;
  name: string;
  chip: Chip;
  isOpen: boolean;
  mayCancel: boolean;
  sentence: string;
  failed: { message: string; whatToDo: string } | null;
  track: Station[];
  bar: Bar | null;
  /** `notScored`: how many rows have no prediction, empty when all have. */
  output: {
    rows: string;
    notScored: string;
    preview: PreviewTable | null;
    downloads: { word: string; href: string }[];
  } | null;
  money: MoneyCard;
  machine: MachineCard | null;
  from: { name: string; value: string; href: string | null }[];
  release: ReleaseCard;
  timeline: TimelineCard;
  logHref: string;
  recipe: RecipeCard | null;
}

/** As the data worker shows rows: see data/data-calls.ts. */
const previewSchema = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.string().nullable())),
  notScored: z.int().default(0),
});

export function predictionPage(
  facts: PredictionFacts,
  env: { clock: Clock; owner: string; recipe: RecipeOfJob | undefined },
): PredictionPage {
  const { prediction, model, dataset, resources } = facts;
  const { clock } = env;
  const isDone = prediction.done_at_ms !== null;
  const href = `/predictions/${prediction.id}`;
  const work = { ...prediction, training_deadline_ms: null };
  const progress = progressOf(prediction.progress_json)?.sentence;
  const running = prediction.phase === 'training' && progress ? progress : prediction.sentence;
  return {
    id: prediction.id,
    href,
    name: predictionName(model?.name ?? null, dataset?.name ?? null),
    chip: workChip('prediction', prediction),
    isOpen: !isDone,
    mayCancel: !isDone && prediction.cancel_asked_at_ms === null,
    sentence: isDone ? (prediction.reason ?? prediction.sentence) : running,
    failed:
      prediction.outcome === 'failed'
        ? {
            message: prediction.reason ?? prediction.sentence,
            whatToDo: 'The log says more. Mend the data if it is named there, and predict again.',
          }
        : null,
    track: trackOf('prediction', prediction, facts.timeline, clock, null),
    bar: barOf(work, clock.nowMs),
    output: outputOf(facts, href),
    money: moneyCard('prediction', prediction, resources, { ...facts.spec.limits, secondsLeft: null }, clock.nowMs),
    machine: machineCard(facts.attempts, resources, clock, prediction),
    from: [
      { name: 'Model', value: model?.name ?? 'removed', href: model && !model.deleted ? `/models/${model.id}` : null },
      { name: 'Data', value: dataset?.name ?? 'removed', href: dataset ? `/data/${dataset.id}` : null },
      ...(dataset ? [{ name: 'Rows', value: formatCount(dataset.row_count), href: null }] : []),
      ...fitFacts(facts.mended, facts.spec.allow),
      {
        name: 'Started by',
        value: `${prediction.owner === env.owner ? 'you' : prediction.owner}, ${clock.moment(prediction.accepted_at_ms).text}`,
        href: null,
      },
    ],
    release: releaseCard(isDone, resources, clock),
    timeline: timelineCard(facts.timeline, clock, env.owner),
    logHref: `${href}/log`,
    recipe: recipeCard(env.recipe),
  };
}

/** What was done to the data, and what might not have been. */
function fitFacts(mended: Mended | null, { extraColumns, castTypes }: Allow): PredictionPage['from'] {
  const fact = (name: string, value: string) => ({ name, value, href: null });
  const { ignored = [], cast = [] } = mended ?? {};
  const refused = [...(extraColumns ? [] : ['extra columns']), ...(castTypes ? [] : ['columns of another type'])];
  return [
    ...(ignored.length > 0 ? [fact('Columns ignored', ignoredText(ignored))] : []),
    ...(cast.length > 0 ? [fact('Types cast', castText(cast))] : []),
    ...(refused.length > 0 ? [fact('Not allowed', refused.join(', '))] : []),
  ];
}

function outputOf({ prediction }: PredictionFacts, href: string): PredictionPage['output'] {
  if (prediction.output_hash === null) return null;
  return {
    rows: prediction.row_count === null ? '' : formatMany(prediction.row_count, 'row'),
    notScored: notScoredText(prediction.preview_json),
    preview: prediction.preview_json === null ? null : previewOf(prediction.preview_json, prediction.row_count),
    downloads: ['csv', 'json', 'parquet'].map((format) => ({
      word: format === 'parquet' ? 'Parquet' : format.toUpperCase(),
      href: `${href}/output.${format}`,
    })),
  };
}

function notScoredText(json: string | null): string {
  const parsed = json === null ? undefined : previewSchema.safeParse(JSON.parse(json));
  const count = parsed?.data?.notScored ?? 0;
  return count === 0 ? '' : `${formatMany(count, 'row')} not scored`;
}

const numbers = /^(BIGINT|DOUBLE|INTEGER|FLOAT|DECIMAL)/;
/** What the model added stands out: `…_predicted`, `…_probability_…`. */
const added = /_(predicted|probability_.*)$/;
/** Why a row has no prediction: the recipe leaves such rows out. */
const notScored = 'not_scored';

function previewOf(json: string, total: number | null): PreviewTable | null {
  const parsed = previewSchema.safeParse(JSON.parse(json));
  if (!parsed.success) return null;
  const { columns, rows } = parsed.data;
  // What was predicted comes first: on a phone it would be far to the right otherwise.
  const order = columns
    .map(({ name, type }, index) => ({
      name,
      index,
      isNumber: numbers.test(type),
      isNew: added.test(name) || name === notScored,
    }))
    .toSorted((a, b) => Number(b.isNew) - Number(a.isNew));
  return {
    heads: order.map(({ name, isNumber, isNew }) => ({
      name: name === notScored ? 'not scored' : name,
      note: '',
      spark: null,
      isNumber,
      isNew,
    })),
    rows: rows.map((row) =>
      order.map(({ name, index, isNumber, isNew }) => reasonOr(name, cell(row[index], { isNumber, isNew }))),
    ),
    stated: `${formatCount(rows.length)}${total === null ? '' : ` of ${formatMany(total, 'row')}`}, first`,
  };
}

/** A row that was scored has no reason why not: that is nothing missing. */
function reasonOr(name: string, shown: PreviewCell): PreviewCell {
  if (name !== notScored) return shown;
  return shown.isMissing ? { ...shown, text: '', isMissing: false } : { ...shown, whole: shown.text };
}
