import type { DatasetFacts } from '../../db/read-models/data-pages.ts';
import type { ShownRows } from '../../data/data-calls.ts';
import { datasetProfileSchema } from '../../domain/dataset.ts';
import type { Clock, Moment } from './clock.ts';
import { type ColumnView, columnView } from './column-view.ts';
import { formatBytes, formatCount, formatMany, shorten } from './plain-words.ts';

export interface DatasetPage {
  id: string;
  href: string;
  name: string;
  summary: string;
  added: Moment;
  owner: string;
  columns: ColumnView[];
  preview: PreviewTable | null;
  previewProblem: string | null;
  isRandom: boolean;
  jobs: { href: string; name: string; when: Moment }[];
  trainHref: string;
}

export interface PreviewTable {
  heads: { name: string; note: string; spark: ColumnView['spark']; isNumber: boolean; isNew: boolean }[];
  rows: PreviewCell[][];
  stated: string;
}

export interface PreviewCell {
  text: string;
  /** The number with all its digits where the text has fewer. */
  whole: string | null;
  isMissing: boolean;
  isNumber: boolean;
  isNew: boolean;
}

/** Longer values would make one cell as wide as the page; the whole one is in the file. */
const shownCharacters = 80;

export function datasetPage(
  { dataset, jobs }: DatasetFacts,
  preview: { rows: ShownRows | null; problem: string | null; isRandom: boolean },
  clock: Clock,
): DatasetPage {
  const profile = datasetProfileSchema.parse(JSON.parse(dataset.profile_json));
  const columns = profile.columns.map((column) => columnView(column, profile.rows));
  return {
    id: dataset.id,
    href: `/data/${dataset.id}`,
    name: dataset.name,
    summary: `${formatMany(dataset.row_count, 'row')} · ${formatMany(dataset.column_count, 'column')} · ${formatBytes(dataset.bytes)}`,
    added: clock.moment(dataset.created_at_ms),
    owner: dataset.owner,
    columns,
    preview: preview.rows && previewTable(preview.rows, columns),
    previewProblem: preview.problem,
    isRandom: preview.isRandom,
    jobs: jobs.map((job) => ({ href: `/jobs/${job.id}`, name: job.name, when: clock.moment(job.accepted_at_ms) })),
    trainHref: `/jobs/new?dataset=${dataset.id}`,
  };
}

function previewTable(rows: ShownRows, views: ColumnView[]): PreviewTable {
  const byName = new Map(views.map((view) => [view.name, view]));
  const heads = rows.columns.map(({ name }) => {
    const view = byName.get(name);
    return {
      name,
      note: view
        ? `${view.type} · ${view.hasMissing ? `${view.missing} missing` : view.distinct === '1' ? '1 value' : `${view.distinct} values`}`
        : '',
      spark: view?.spark ?? null,
      isNumber: view?.isNumber ?? false,
      isNew: false,
    };
  });
  return {
    heads,
    rows: rows.rows.map((row) => row.map((value, index) => cell(value, { isNumber: heads[index]?.isNumber ?? false }))),
    stated: `${formatCount(rows.rows.length)} of ${formatMany(rows.total, 'row')}`,
  };
}

/** Sixteen digits of a computed number hide the three that matter; whole numbers may be ids and stay as they are. */
const longFraction = /^-?\d+\.\d{5,}(e[-+]?\d+)?$/i;

function rounded(text: string): string {
  return String(Number(Number(text).toPrecision(6)));
}

export function cell(value: unknown, look: { isNumber?: boolean; isNew?: boolean }): PreviewCell {
  const isMissing = value === null || value === undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isLong = !isMissing && look.isNumber === true && longFraction.test(text);
  return {
    text: isMissing ? 'missing' : isLong ? rounded(text) : shorten(text, shownCharacters),
    whole: isLong ? text : null,
    isMissing,
    isNumber: look.isNumber ?? typeof value === 'number',
    isNew: look.isNew ?? false,
  };
}
