import type { DatasetFacts } from '../../db/read-models/data-pages.ts';
import type { ShownRows } from '../../data/data-calls.ts';
import { datasetProfileSchema } from '../../domain/dataset.ts';
import type { Clock, Moment } from './clock.ts';
import type { ImportUsed } from '../../domain/import-options.ts';
import type { RecipeSummary } from '../services/recipe-views.ts';
import type { DatasetVersion } from '../services/views.ts';
import { type ColumnView, columnView } from './column-view.ts';
import { importWords } from './import-page.ts';
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
  recipeHref: string;
  recipes: { href: string; name: string; when: Moment }[];
  downloads: { word: string; href: string }[];
  /** How the file was read; null for what was made here. */
  readAs: string | null;
  madeBy: { recipe: string; href: string; data: string; dataHref: string } | null;
  versions: { number: number; href: string | null; words: string; when: Moment; isThis: boolean }[];
  rejected: { total: string; table: PreviewTable } | null;
  remarks: string[];
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
  /** Where the image comes from that stands here instead of the text. */
  image?: string;
}

/** Longer values would make one cell as wide as the page; the whole one is in the file. */
const shownCharacters = 80;

export function datasetPage(
  { dataset, jobs }: DatasetFacts,
  preview: { rows: ShownRows | null; problem: string | null; isRandom: boolean },
  around: {
    history: readonly DatasetVersion[];
    rejected: ShownRows | null;
    recipes: readonly RecipeSummary[];
    used: ImportUsed | null;
  },
  clock: Clock,
): DatasetPage {
  const profile = datasetProfileSchema.parse(JSON.parse(dataset.profile_json));
  const columns = profile.columns.map((column) => columnView(column, profile.rows));
  const hasImages = profile.columns.some(({ sqlType }) => sqlType === 'BLOB');
  return {
    id: dataset.id,
    href: `/data/${dataset.id}`,
    name: dataset.version > 1 ? `${dataset.name} v${dataset.version}` : dataset.name,
    summary: `${formatMany(dataset.row_count, 'row')} · ${formatMany(dataset.column_count, 'column')} · ${formatBytes(dataset.bytes)}`,
    added: clock.moment(dataset.created_at_ms),
    owner: dataset.owner,
    columns,
    preview: preview.rows && previewTable(preview.rows, columns, `/data/${dataset.id}/image`),
    previewProblem: preview.problem,
    isRandom: preview.isRandom,
    jobs: jobs.map((job) => ({ href: `/jobs/${job.id}`, name: job.name, when: clock.moment(job.accepted_at_ms) })),
    trainHref: `/jobs/new?dataset=${dataset.id}`,
    recipeHref: `/recipes/new?dataset=${dataset.id}`,
    recipes: around.recipes.map((recipe) => ({
      href: `/recipes/${recipe.id}`,
      name: recipe.name,
      when: clock.moment(recipe.changedAtMs),
    })),
    downloads: [
      { word: hasImages ? 'Parquet, with the images' : 'Parquet', href: `/data/${dataset.id}/file.parquet` },
      { word: hasImages ? 'CSV, without the images' : 'CSV', href: `/data/${dataset.id}/file.csv` },
      ...(dataset.made_by_preparation_id === null
        ? [{ word: 'As uploaded', href: `/data/${dataset.id}/file.original` }]
        : []),
    ],
    readAs: around.used && importWords(around.used),
    madeBy: madeByOf(around.history.find(({ id }) => id === dataset.id)),
    versions: around.history.map((version) => ({
      number: version.version,
      href: version.removedAtMs === null ? `/data/${version.id}` : null,
      words: versionWords(version),
      when: clock.moment(version.createdAtMs),
      isThis: version.id === dataset.id,
    })),
    rejected: around.rejected && {
      total: formatMany(around.rejected.total, 'row'),
      table: rowsTable(around.rejected),
    },
    remarks: profile.remarks ?? [],
  };
}

function madeByOf(version: DatasetVersion | undefined): DatasetPage['madeBy'] {
  const made = version?.madeBy;
  if (!made) return null;
  return {
    recipe: `${made.recipeName}, version ${made.recipeVersion}`,
    href: `/preparations/${made.preparationId}`,
    data: made.datasetName,
    dataHref: `/data/${made.datasetId}`,
  };
}

function versionWords({ rows, columnCount, import: used, madeBy, removedAtMs, owner }: DatasetVersion): string {
  const how = madeBy ? `made by ${madeBy.recipeName}` : used ? importWords(used) : `uploaded by ${owner}`;
  const size = `${formatMany(rows, 'row')}, ${formatMany(columnCount, 'column')}`;
  return `${size}; ${how}${removedAtMs === null ? '' : '; removed'}`;
}

/** Rows of which no profile is at hand. */
export function rowsTable(rows: ShownRows): PreviewTable {
  return previewTable(rows, []);
}

function previewTable(rows: ShownRows, views: ColumnView[], imageHref?: string): PreviewTable {
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
    rows: rows.rows.map((row, n) =>
      row.map((value, index) => {
        const shown = cell(value, { isNumber: heads[index]?.isNumber ?? false });
        const column = rows.columns[index];
        if (imageHref === undefined || shown.isMissing || column?.type !== 'BLOB') return shown;
        const query = new URLSearchParams({ column: column.name, row: String(rows.numbers[n]) });
        return { ...shown, image: `${imageHref}?${query.toString()}` };
      }),
    ),
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
