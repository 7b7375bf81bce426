import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import type { RecipePreview } from '../../../data/recipe/recipe-calls.ts';
import { readDataPage } from '../../../db/read-models/data-pages.ts';
import { findKind } from '../../../domain/recipe/kinds.ts';
import { namedDatasets } from '../../../domain/recipe/named-datasets.ts';
import type { Step } from '../../../domain/recipe/recipe.ts';
import type { TableSchema } from '../../../domain/recipe/table-schema.ts';
import { type EditorPage, editorPage } from '../../page-models/recipes/editor-page.ts';
import { type EditorPlace, placeIn } from '../../page-models/recipes/editor-place.ts';
import type { RecipeCheckView, RecipeDetail } from '../../services/recipe-views.ts';
import { refusedBy } from '../../services/refused.ts';
import type { Who } from '../../services/services.ts';
import { type PageKit, queryOf } from './page-kit.ts';

const rowsShown = 50;

/** Everything that the editor shows of a recipe at one place. */
export async function readEditor(request: Request, kit: PageKit, id: string): Promise<EditorPage> {
  const who = kit.context.who(request);
  const recipe = await kit.services.recipes.get(who, id);
  const place = placeIn((name) => queryOf(request, name), recipe.steps.length);
  return editorAt(kit, who, { recipe, place, tab: queryOf(request, 'tab') || randomUUID() });
}

export interface EditorAsk {
  recipe: RecipeDetail;
  place: EditorPlace;
  /** Of the previews of one tab only the newest is answered. */
  tab: string;
  /** The steps as they would be, when they are not kept yet. */
  steps?: Step[];
}

export async function editorAt(kit: PageKit, who: Who, { recipe, place, tab, steps }: EditorAsk): Promise<EditorPage> {
  const { services } = kit;
  // The pass over the whole file goes on behind the page; it is the same one until the draft changes.
  const [dataset, check, versions, others] = await Promise.all([
    services.datasets.get(who, recipe.datasetId),
    steps ? services.recipes.checked(who, recipe.id) : services.recipes.check(who, recipe.id),
    services.recipes.versions(who, recipe.id),
    place.edit ? otherDatasets(kit, who, recipe, (steps ?? recipe.steps)[place.step - 1]) : [],
  ]);
  const { preview, problem } = await previewAt(kit, who, { recipe, place, tab, check, ...(steps ? { steps } : {}) });
  const facts = { recipe, dataset, preview, previewProblem: problem, check, versions, others };
  return editorPage(facts, place, await kit.clock(who));
}

/** A recipe outlives the data that it was made on. */
export async function lacksData({ services }: PageKit, who: Who, { datasetId }: RecipeDetail): Promise<boolean> {
  try {
    await services.datasets.get(who, datasetId);
    return false;
  } catch (error) {
    if (refusedBy(error)?.status === 404) return true;
    throw error;
  }
}

async function previewAt(
  { services, context }: PageKit,
  who: Who,
  { recipe, place, tab, check, steps }: EditorAsk & { check: RecipeCheckView },
): Promise<{ preview: RecipePreview | null; problem: string | null }> {
  const numbers = steps ? undefined : foundRows(check, recipe, place);
  const asked = {
    at: place.step - 1,
    rows: place.rows,
    seed: place.seed,
    limit: rowsShown,
    exact: false,
    tab,
    ...(numbers ? { numbers } : {}),
    ...(steps ? { steps } : {}),
  };
  try {
    return { preview: await services.recipes.preview(who, recipe.id, asked), problem: null };
  } catch (error) {
    const refused = refusedBy(error);
    if (refused?.status === 409) throw error;
    if (!refused) context.log.error({ err: error, recipe: recipe.id }, 'a recipe cannot be previewed');
    return {
      preview: null,
      problem: refused?.message ?? 'The preview cannot be made now; the log of the web process says why.',
    };
  }
}

/** Rows that the pass over the whole file found, wherever in it they are. */
function foundRows(check: RecipeCheckView, recipe: RecipeDetail, { step, rows }: EditorPlace): number[] | undefined {
  if (check.state !== 'done' || (rows !== 'changed' && rows !== 'failing')) return undefined;
  const count = check.result?.steps.find(({ id }) => id === recipe.steps[step - 1]?.id);
  if (!count) return undefined;
  const { numbers } = rows === 'changed' ? count.changed : count.failing.count > 0 ? count.failing : count.leftOut;
  return numbers.slice(0, rowsShown);
}

/** Data that a step can look things up in; the columns of those that it names. */
async function otherDatasets({ services, context }: PageKit, who: Who, recipe: RecipeDetail, step: Step | undefined) {
  if (!step || !findKind(step.kind)?.fields.some(({ input }) => input === 'dataset')) return [];
  const named = new Set(namedDatasets([step]));
  const lines = (await readDataPage(context.database, who.workspaceId)).filter(({ id }) => id !== recipe.datasetId);
  return Promise.all(
    lines.map(async ({ id, name }) => {
      if (!named.has(id)) return { id, name, schema: [] };
      const { columns } = await services.datasets.get(who, id);
      return {
        id,
        name,
        schema: columns.map((column) => ({ name: column.name, type: column.sqlType })) as TableSchema,
      };
    }),
  );
}
