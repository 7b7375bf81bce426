import type { ModelFacts, ModelLine } from '../../db/read-models/model-pages.ts';
import type { RecipeOfJob } from '../../db/read-models/recipe-lines.ts';
import { typeWordOf } from '../../domain/dataset.ts';
import { taskWords } from '../../domain/task.ts';
import { metricRule } from '../../domain/task.ts';
import type { Clock, Moment } from './clock.ts';
import type { EngineTitles } from './work-line.ts';
import { formatBytes, formatCount, formatMany, formatScore, formatSpan } from './plain-words.ts';
import { type RecipeCard, recipeCard } from './recipes/recipe-card.ts';
import { readReport } from './report.ts';
import { type ResultView, resultView } from './result-view.ts';

export interface ModelsPage {
  rows: {
    href: string;
    name: string;
    engine: string;
    data: string;
    metric: string;
    validation: string;
    test: string;
    size: string;
    made: Moment;
    predictions: string;
    predictHref: string;
  }[];
}

export function modelsPage(lines: readonly ModelLine[], clock: Clock, engines: EngineTitles): ModelsPage {
  return {
    rows: lines.map((line) => ({
      href: `/models/${line.id}`,
      name: line.name,
      engine: engines.get(line.engine) ?? line.engine,
      data: line.dataset_name ?? '–',
      metric: metricRule(line.metric)?.title ?? line.metric,
      validation: formatScore(line.validation_score),
      test: formatScore(line.test_score),
      size: formatBytes(line.archive_bytes),
      made: clock.moment(line.created_at_ms),
      predictions: line.predictions === 0 ? 'none' : formatCount(line.predictions),
      predictHref: `/models/${line.id}/predict`,
    })),
  };
}

export interface ModelPage {
  id: string;
  href: string;
  name: string;
  summary: string;
  result: ResultView | null;
  from: { name: string; value: string; href: string | null }[];
  archive: { size: string; hash: string; signed: string; href: string; outside: string };
  columns: { name: string; type: string; role: string }[];
  predictions: { href: string; when: Moment; data: string; rows: string }[];
  predictHref: string;
  recipe: RecipeCard | null;
}

export function modelPage(
  facts: ModelFacts,
  recipe: RecipeOfJob | undefined,
  clock: Clock,
  engines: EngineTitles,
): ModelPage {
  const { model, job, dataset } = facts;
  const report = readReport(model.report_json);
  const engine = engines.get(model.engine) ?? model.engine;
  const task = job?.spec.task;
  const signature = JSON.parse(model.signature_json) as { keyId?: string };
  return {
    id: model.id,
    href: `/models/${model.id}`,
    name: model.name,
    summary: task ? `predicts ${task.labels.join(', ')} (${taskWords[task.kind]})` : engine,
    result: report ? resultView(report, model.id, job?.spec.split.folds ?? 0) : null,
    from: [
      { name: 'Job', value: job?.name ?? 'removed', href: job && !job.deleted ? `/jobs/${job.id}` : null },
      {
        name: 'Data',
        value: dataset?.name ?? 'removed',
        href: dataset && !dataset.deleted ? `/data/${dataset.id}` : null,
      },
      { name: 'Engine', value: engine, href: null },
      ...(job ? [{ name: 'Time limit', value: formatSpan(job.spec.limits.trainingSeconds * 1000), href: null }] : []),
      { name: 'Made', value: clock.moment(model.created_at_ms).text, href: null },
    ],
    archive: {
      size: formatBytes(model.archive_bytes),
      hash: model.archive_hash,
      signed: signature.keyId ? `signed by this installation's key ${signature.keyId}` : 'not signed',
      href: `/models/${model.id}/archive`,
      outside: outsideSteps,
    },
    columns: inputColumns(model.input_schema_json),
    predictions: facts.predictions.map((each) => ({
      href: `/predictions/${each.id}`,
      when: clock.moment(each.accepted_at_ms),
      data: each.dataset_name ?? 'data that was removed',
      rows: each.row_count === null ? '–' : formatMany(each.row_count, 'row'),
    })),
    predictHref: `/models/${model.id}/predict`,
    recipe: recipeCard(recipe),
  };
}

const outsideSteps = `unzip model.zip -d model && cd model
python3 -m venv venv && venv/bin/pip install -r requirements.txt
venv/bin/python predict.py new-data.csv > predictions.csv`;

export function inputColumns(json: string): ModelPage['columns'] {
  const roles: Record<string, string> = {
    feature: 'seen by the model',
    label: 'what it predicts',
    ignored: 'not seen',
  };
  const parsed = JSON.parse(json) as unknown;
  const columns = (Array.isArray(parsed) ? parsed : ((parsed as { columns?: unknown[] }).columns ?? [])) as {
    name: string;
    sqlType: string;
    role: string;
  }[];
  return columns.map((column) => ({
    name: column.name,
    type: typeWordOf(column.sqlType),
    role: roles[column.role] ?? column.role,
  }));
}
