import { randomUUID } from 'node:crypto';
import type { RecipePreview, StepCounts, WhichRows } from '../../../data/recipe/recipe-calls.ts';
import type { ColumnProfile } from '../../../domain/dataset.ts';
import { stepKinds } from '../../../domain/recipe/kinds.ts';
import { lastRegrouping } from '../../../domain/recipe/walk.ts';
import type { TableSchema } from '../../../domain/recipe/table-schema.ts';
import type { RecipeCheckView, RecipeDetail, RecipeVersion } from '../../services/recipe-views.ts';
import type { Clock, Moment } from '../clock.ts';
import { formatCount, formatMany } from '../plain-words.ts';
import { type EditorPlace, hrefIn } from './editor-place.ts';
import { type ImageAt, inputTable, type StepTable, stepTable } from './preview-table.ts';
import { type StepCard, stepCards } from './step-card.ts';
import { type StepForm, stepForm } from './step-form.ts';
import { searchWordsOf } from './step-search-words.ts';

export interface EditorPage {
  id: string;
  href: string;
  name: string;
  dataset: { href: string; name: string };
  versionChip: string;
  summary: string;
  position: number;
  saved: Moment;
  canUndo: boolean;
  canRedo: boolean;
  isChanged: boolean;
  steps: StepCard[];
  /** The state of the page as fields that every change sends along, so that one comes back to it. */
  place: EditorPlace;
  placeQuery: string;
  /** Where a new step goes, from 0. */
  addAt: number;
  groups: { word: string; kinds: { name: string; title: string; help: string; reach: string; words: string }[] }[];
  form: (StepForm & { id: string }) | null;
  preview: PreviewCard;
  check: CheckLine;
  versions: { number: number; href: string; when: Moment; owner: string; steps: string; isLatest: boolean }[];
  canRun: boolean;
  /** Of the preparation that could be begun from here. */
  runId: string;
  runName: string;
  inputHref: string;
  closeHref: string;
}

export interface PreviewCard {
  title: string;
  stated: string;
  views: { word: string; href: string; isNow: boolean }[];
  shows: { word: string; href: string; isNow: boolean }[];
  table: StepTable | null;
  input: StepTable | null;
  /** Why nothing can be shown. */
  problem: string | null;
  /** Why no row is there. */
  empty: string | null;
  sample: string | null;
  changes: string[];
}

/** What the pass over the whole file says, or how far it is. */
export interface CheckLine {
  state: RecipeCheckView['state'];
  text: string;
  value: number | null;
}

export interface EditorFacts {
  recipe: RecipeDetail;
  dataset: {
    id: string;
    name: string;
    version: number;
    bytes: number;
    rows: number;
    columns: readonly ColumnProfile[];
  };
  preview: RecipePreview | null;
  previewProblem: string | null;
  check: RecipeCheckView;
  versions: readonly RecipeVersion[];
  others: readonly { id: string; name: string; schema: TableSchema }[];
}

const viewWords: [WhichRows, string][] = [
  ['first', 'first'],
  ['changed', 'changed'],
  ['random', 'random'],
  ['failing', 'failing'],
];

export function editorPage(facts: EditorFacts, place: EditorPlace, clock: Clock): EditorPage {
  const { recipe, dataset, preview, versions } = facts;
  const href = `/recipes/${recipe.id}`;
  const at = place.step - 1;
  const counted = facts.check.state === 'done' ? countsOf(facts.check) : null;
  const step = recipe.steps[at];
  const seen = preview?.steps ?? [];
  const look = seen.find(({ id }) => id === step?.id);
  const around = {
    schema: schemaBefore(facts, at),
    problems: step?.on ? (look?.problems ?? []) : [],
    datasets: facts.others,
  };
  const form = step && place.edit ? stepForm(step, around) : undefined;
  const after = preview?.after.length ?? dataset.columns.length;
  const latest = recipe.latestVersion;
  const hasProblems = seen.some(({ problems }, n) => problems.length > 0 && recipe.steps[n]?.on === true);
  return {
    id: recipe.id,
    href,
    name: recipe.name,
    dataset: { href: `/data/${dataset.id}`, name: nameOf(dataset) },
    versionChip: latest === 0 ? 'draft' : recipe.isChanged ? `draft after version ${latest}` : `version ${latest}`,
    summary: `${formatMany(dataset.rows, 'row')} · ${formatMany(after, 'column')}`,
    position: recipe.position,
    saved: clock.moment(recipe.changedAtMs),
    canUndo: recipe.canUndo,
    canRedo: recipe.canRedo,
    isChanged: recipe.isChanged,
    steps: stepCards({
      steps: recipe.steps,
      seen,
      counted,
      at,
      hrefOf: (to, edit) => hrefIn(href, { ...place, step: to + 1, edit }),
    }),
    place,
    placeQuery: hrefIn('', place),
    addAt: place.step,
    groups: groupsOf(),
    form: form ? { ...form, id: step?.id ?? '' } : null,
    preview: previewCard(facts, place, href, counted),
    check: checkLine(facts.check),
    versions: versions.map((version) => ({
      number: version.number,
      href: `${href}/versions/${version.number}`,
      when: clock.moment(version.atMs),
      owner: version.owner,
      steps: formatMany(version.steps.length, 'step'),
      isLatest: version.number === latest,
    })),
    canRun: !hasProblems,
    runId: randomUUID(),
    runName: `${dataset.name.replace(/\.[^.]+$/, '')}, ${recipe.name}`.slice(0, 200),
    inputHref: hrefIn(href, { ...place, step: 0, edit: false }),
    closeHref: hrefIn(href, { ...place, edit: false }),
  };
}

export function nameOf({ name, version }: { name: string; version: number }): string {
  return version > 1 ? `${name} v${version}` : name;
}

/** The columns as they come to a step. */
function schemaBefore({ preview, dataset }: EditorFacts, at: number): TableSchema {
  const earlier = at > 0 ? preview?.steps[at - 1]?.schema : undefined;
  return earlier ?? (dataset.columns.map(({ name, sqlType }) => ({ name, type: sqlType })) as TableSchema);
}

function countsOf({ result }: RecipeCheckView): StepCounts[] | null {
  return result === null ? null : (result.steps as unknown as StepCounts[]);
}

function previewCard(facts: EditorFacts, place: EditorPlace, href: string, counted: StepCounts[] | null): PreviewCard {
  const { preview, dataset, recipe } = facts;
  const step = recipe.steps[place.step - 1];
  const stepNumber = (id: string) => recipe.steps.findIndex((each) => each.id === id) + 1;
  const imageAt = imagesOf(facts, place.step - 1);
  const rows = preview?.rows ?? [];
  return {
    title: step ? `After step ${place.step}` : 'The data as it came',
    stated: `${formatCount(rows.length)} of ${formatMany(preview?.total ?? dataset.rows, 'row')}`,
    views: viewWords
      .filter(([which]) => step !== undefined || which === 'first' || which === 'random')
      .map(([which, word]) => ({
        word,
        href: hrefIn(href, { ...place, rows: which, seed: which === 'random' ? place.seed + 1 : place.seed }),
        isNow: which === place.rows,
      })),
    shows:
      step === undefined
        ? []
        : [
            {
              word: 'changes marked',
              href: hrefIn(href, { ...place, show: 'marked' }),
              isNow: place.show === 'marked',
            },
            { word: 'input beside', href: hrefIn(href, { ...place, show: 'beside' }), isNow: place.show === 'beside' },
          ],
    table: preview && rows.length > 0 ? stepTable(preview, dataset.columns, stepNumber, imageAt) : null,
    input:
      preview && rows.length > 0 && place.show === 'beside' && step !== undefined
        ? inputTable(preview, dataset.columns, stepNumber, imageAt)
        : null,
    problem: facts.previewProblem,
    empty: preview && rows.length === 0 ? emptyWords(place.rows) : null,
    sample: preview?.sample ? `from the first ${formatMany(preview.sampleRows, 'row')}` : null,
    changes: changesOf(
      preview,
      counted?.find(({ id }) => id === step?.id),
    ),
  };
}

/** After a grouping rows are others than those of the dataset; and of several images each row would not say which. */
function imagesOf({ dataset, recipe }: EditorFacts, at: number): ImageAt | undefined {
  const columns = dataset.columns.filter(({ sqlType }) => sqlType === 'BLOB');
  if (columns.length !== 1 || lastRegrouping(recipe.steps.slice(0, at + 1)) >= 0) return undefined;
  return (column, row) => `/data/${dataset.id}/image?${new URLSearchParams({ column, row: String(row) }).toString()}`;
}

function emptyWords(rows: WhichRows): string {
  if (rows === 'changed') return 'This step changes no cell of the rows that were looked at.';
  if (rows === 'failing') return 'This step treats every row that was looked at, and leaves none out.';
  return 'No row is left here.';
}

function changesOf(preview: RecipePreview | null, count: StepCounts | undefined): string[] {
  const changes: string[] = [];
  if (preview && preview.newColumns.length > 0) changes.push(formatMany(preview.newColumns.length, 'new column'));
  if (preview && preview.lostColumns.length > 0)
    changes.push(`${formatMany(preview.lostColumns.length, 'column')} gone`);
  if (!count || count.rowsIn === null) return changes;
  changes.push(`${formatMany(count.changedCells, 'cell')} changed`);
  const fewer = count.rowsIn - (count.rowsOut ?? 0);
  changes.push(
    fewer === 0 ? 'nothing dropped' : `${formatCount(count.rowsIn)} rows in, ${formatCount(count.rowsOut ?? 0)} out`,
  );
  if (count.failing.count > 0) {
    changes.push(`${formatCount(count.failing.count)} of ${formatMany(count.rowsIn, 'row')} fail`);
  }
  return changes;
}

function checkLine(check: RecipeCheckView): CheckLine {
  const { state, progress, result, failure } = check;
  if (state === 'done' && result) {
    const seconds = result.milliseconds / 1000;
    const took = seconds < 0.1 ? 'a moment' : `${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`;
    return {
      state,
      value: null,
      text: `whole file checked in ${took}: ${formatCount(result.rowsIn)} rows in, ${formatCount(result.rowsOut)} out`,
    };
  }
  if (state === 'failed') return { state, value: null, text: failure ?? 'The whole file could not be checked.' };
  if (state === 'running') {
    const share =
      progress && progress.ofPasses > 0 && progress.ofRows > 0
        ? (progress.passes + progress.rows / progress.ofRows) / progress.ofPasses
        : 0;
    return { state, value: Math.round(Math.min(1, share) * 100), text: 'checking the whole file' };
  }
  return { state, value: null, text: 'the whole file is not checked yet' };
}

const groupWords: Record<string, string> = {
  columns: 'Columns',
  missing: 'Missing values',
  rows: 'Rows',
  values: 'Values',
  numbers: 'Numbers',
  categories: 'Categories',
  dates: 'Dates',
  text: 'Text',
  tables: 'Other tables',
};
const reachWords = { rowwise: '', fitted: 'learns from the training rows', table: 'training rows only' } as const;

function groupsOf(): EditorPage['groups'] {
  return Object.entries(groupWords).map(([group, word]) => ({
    word,
    kinds: stepKinds
      .filter((kind) => kind.group === group)
      .map((kind) => {
        const { name, title, help, reach } = kind;
        return { name, title, help, reach: reachWords[reach], words: searchWordsOf(kind, word) };
      }),
  }));
}
