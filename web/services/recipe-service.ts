import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { RecipePreview } from '../../data/recipe/recipe-calls.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import type { Edited, Stepped } from '../../db/stores/recipe-store.ts';
import type { DatasetRow, RecipeRow } from '../../db/tables.ts';
import { addStep, changeStep, freeStepId, moveStep, removeStep } from '../../domain/recipe/edit-steps.ts';
import { findKind, stepKinds } from '../../domain/recipe/kinds.ts';
import { namedDatasets } from '../../domain/recipe/named-datasets.ts';
import { type Step, stepsSchema } from '../../domain/recipe/recipe.ts';
import { withTables } from './dataset-tables.ts';
import { fileNameOf } from './model-service.ts';
import type { ServiceOptions } from './options.ts';
import { recipeChecks } from './recipe-checks.ts';
import type {
  duplicateSchema,
  importRecipeSchema,
  newRecipeSchema,
  newStepSchema,
  previewRequestSchema,
  RecipeCheckView,
  RecipeDetail,
  RecipeFit,
  RecipeSummary,
  RecipeVersion,
  stepChangesSchema,
  StepKindView,
  stepsBodySchema,
  tryRecipeSchema,
} from './recipe-views.ts';
import { recipeFromYaml, recipeToYaml, withIds } from './recipe-yaml.ts';
import { conflict, notFound, Refused } from './refused.ts';
import { parsed } from './request-problems.ts';
import type { Page, Removal, Who } from './services.ts';

type Asked<Schema extends z.ZodType> = z.output<Schema>;

export interface RecipeService {
  kinds(): StepKindView[];
  create(who: Who, asked: Asked<typeof newRecipeSchema>): Promise<{ recipe: RecipeDetail; created: boolean }>;
  get(who: Who, id: string): Promise<RecipeDetail>;
  list(
    who: Who,
    query: { search?: string | undefined; datasetId?: string | undefined; offset?: number; limit?: number },
  ): Promise<Page<RecipeSummary>>;
  rename(who: Who, id: string, name: string): Promise<RecipeDetail>;
  replaceSteps(who: Who, id: string, asked: Asked<typeof stepsBodySchema>): Promise<RecipeDetail>;
  addStep(who: Who, id: string, asked: Asked<typeof newStepSchema>): Promise<RecipeDetail>;
  changeStep(who: Who, id: string, stepId: string, asked: Asked<typeof stepChangesSchema>): Promise<RecipeDetail>;
  removeStep(who: Who, id: string, stepId: string, position?: number): Promise<RecipeDetail>;
  undo(who: Who, id: string, position: number): Promise<RecipeDetail>;
  redo(who: Who, id: string, position: number): Promise<RecipeDetail>;
  saveVersion(who: Who, id: string, position?: number): Promise<{ version: RecipeVersion; created: boolean }>;
  versions(who: Who, id: string): Promise<RecipeVersion[]>;
  version(who: Who, id: string, number: number): Promise<RecipeVersion>;
  exportYaml(who: Who, id: string, version?: number): Promise<{ fileName: string; yaml: string }>;
  importYaml(who: Who, asked: Asked<typeof importRecipeSchema>): Promise<{ recipe: RecipeDetail; fit: RecipeFit }>;
  duplicate(who: Who, id: string, asked: Asked<typeof duplicateSchema>): Promise<RecipeDetail>;
  removal(who: Who, id: string): Promise<Removal>;
  remove(who: Who, id: string): Promise<Removal>;
  /** What of it does not fit another dataset, step by step. */
  tryOn(who: Who, id: string, asked: Asked<typeof tryRecipeSchema>): Promise<RecipeFit>;
  /** Of the draft, or of steps as they would be, while somebody is still typing. */
  preview(
    who: Who,
    id: string,
    asked: Asked<typeof previewRequestSchema> & { steps?: readonly Step[] },
  ): Promise<RecipePreview>;
  /** Begins a pass over the whole file, unless the draft as it is has been checked, or is being checked. */
  check(who: Who, id: string, datasetId?: string): Promise<RecipeCheckView>;
  checked(who: Who, id: string, datasetId?: string): Promise<RecipeCheckView>;
}

export function recipeService(options: ServiceOptions): RecipeService {
  const { stores, data } = options;
  const now = options.now ?? Date.now;
  const checks = recipeChecks(options);

  const find = async (who: Who, id: string): Promise<RecipeRow> => {
    const row = await stores.recipes.get(who.workspaceId, id);
    if (!row) throw notFound('recipe with this id', 'It may have been removed. See the list of recipes.');
    return row;
  };
  const findDataset = async (who: Who, id: string): Promise<DatasetRow> => {
    const row = await stores.datasets.get(who.workspaceId, id);
    if (row) return row;
    const message = 'There is no such dataset; it may have been removed.';
    throw new Refused(422, 'No such dataset', message, { problems: [{ field: 'datasetId', message }] });
  };
  const detail = async (row: RecipeRow): Promise<RecipeDetail> => {
    const [may, latest] = await Promise.all([
      stores.recipes.mayStep(row),
      stores.recipes.version(row.id, row.latest_version),
    ]);
    return {
      ...summaryOf(row),
      steps: stepsOf(row).map((step) => ({ ...step, sentence: sentenceOf(step) })),
      canUndo: may.undo,
      canRedo: may.redo,
      isChanged: latest?.steps_json !== row.steps_json,
    };
  };
  const changed = async (edited: Edited | Stepped, what = 'change'): Promise<RecipeDetail> => {
    if (edited === 'not there') throw notFound('recipe with this id', 'It may have been removed.');
    if (edited === 'nothing') throw conflict(`There is nothing to ${what}.`);
    if (edited === 'moved') {
      throw conflict('The recipe was changed meanwhile, in another tab or by somebody else.', 'Look at it again.');
    }
    return detail(edited.row);
  };
  const edit = async (
    who: Who,
    id: string,
    position: number | undefined,
    change: (steps: Step[]) => Step[] | undefined,
  ): Promise<RecipeDetail> =>
    changed(
      await stores.recipes.edit({ workspaceId: who.workspaceId, id, position, nowMs: now() }, (before) => {
        const steps = change(JSON.parse(before) as Step[]);
        if (!steps) throw notFound('step with this id', 'It may have been taken out of the recipe.');
        return jsonOf(steps);
      }),
    );

  const create = async (
    who: Who,
    asked: { id?: string | undefined; name?: string | undefined; datasetId: string; steps: readonly Step[] },
  ) => {
    const dataset = await findDataset(who, asked.datasetId);
    const id = asked.id ?? randomUUID();
    const { row, inserted } = await stores.recipes.insert(
      {
        ...{ id, workspace_id: who.workspaceId, owner: who.owner, dataset_id: dataset.id },
        name: asked.name ?? `Recipe for ${dataset.name.replace(/\.[^.]+$/, '')}`.slice(0, 80),
        steps_json: jsonOf(asked.steps),
      },
      now(),
    );
    if (row.workspace_id !== who.workspaceId || row.deleted_at_ms !== null || row.dataset_id !== dataset.id) {
      throw conflict('This id was used before, for another recipe.', 'Use a new id.');
    }
    return { recipe: await detail(row), created: inserted };
  };

  const fitOf = async (who: Who, dataset: DatasetRow, steps: Step[]): Promise<RecipeFit> => {
    const seen = await withTables(options, who, { dataset, steps }, (tables) =>
      data.recipePreview({ ...tables, steps, rows: 'first', limit: 1 }),
    );
    const list = seen.steps.map(({ id, sentence, problems, schema }, n) => ({
      ...{ id, sentence, problems },
      place: n + 1,
      schema: [...schema],
    }));
    const wrong = list.filter(({ problems }) => problems.length > 0);
    const places = wrong.map(({ place }) => place).join(', ');
    return {
      ...{ datasetId: dataset.id, datasetName: dataset.name, fits: wrong.length === 0, steps: list },
      sentence:
        wrong.length === 0
          ? `Every step fits “${dataset.name}”.`
          : `${wrong.length} of ${list.length} steps do not fit “${dataset.name}”: ${wrong.length === 1 ? 'step' : 'steps'} ${places}.`,
    };
  };

  const stepsAt = async (row: RecipeRow, number: number | undefined): Promise<Step[]> => {
    if (number === undefined) return stepsOf(row);
    const version = await stores.recipes.version(row.id, number);
    if (!version) throw notFound(`version ${number} of this recipe`);
    return JSON.parse(version.steps_json) as Step[];
  };

  const removalOf = async (who: Who, row: RecipeRow): Promise<Removal> => {
    const [open, jobs] = await Promise.all([
      stores.preparations.list(who.workspaceId, { recipeId: row.id, open: true }),
      stores.recipes.jobsWith(who.workspaceId, row.id),
    ]);
    return {
      goes: [`the recipe “${row.name}”`],
      stays: [
        'its saved versions, for what was made with them',
        'every dataset and model made with it',
        ...goingOn(jobs.filter(({ phase }) => phase !== 'done')),
      ],
      refusal: open.length === 0 ? null : refusalFor(open),
    };
  };

  return {
    kinds: () => stepKinds.map(kindView),
    create: (who, asked) => create(who, { ...asked, steps: given(asked.steps ?? []) }),
    get: async (who, id) => detail(await find(who, id)),
    async list(who, { search, datasetId, offset = 0, limit = 50 }) {
      const narrow = {
        ...(search === undefined ? {} : { text: search }),
        ...(datasetId === undefined ? {} : { datasetId }),
      };
      const [rows, total] = await Promise.all([
        stores.recipes.list(who.workspaceId, { ...narrow, offset, limit }),
        countOf(stores.database, 'recipes', who.workspaceId, {
          ...(search === undefined ? {} : { nameHas: search }),
          ...(datasetId === undefined ? {} : { datasetId }),
        }),
      ]);
      return { items: rows.map(summaryOf), total, offset, limit };
    },
    async rename(who, id, name) {
      await find(who, id);
      await stores.recipes.rename(who.workspaceId, id, name, now());
      return detail(await find(who, id));
    },
    replaceSteps: (who, id, { position, steps }) => edit(who, id, position, () => given(steps)),
    addStep: (who, id, { position, at, kind, id: stepId, on = true, onFailure = 'empty', settings = {} }) =>
      edit(who, id, position, (steps) => {
        const step = { id: stepId ?? freeStepId(steps), kind, on, onFailure, settings };
        return given(addStep(steps, step, at));
      }),
    changeStep: (who, id, stepId, { position, at, on, onFailure, settings }) =>
      edit(who, id, position, (steps) => {
        const changedSteps = changeStep(steps, stepId, {
          ...(on === undefined ? {} : { on }),
          ...(onFailure === undefined ? {} : { onFailure }),
          ...(settings === undefined ? {} : { settings }),
        });
        return changedSteps && at !== undefined ? moveStep(changedSteps, stepId, at) : changedSteps;
      }),
    removeStep: (who, id, stepId, position) => edit(who, id, position, (steps) => removeStep(steps, stepId)),
    undo: async (who, id, position) =>
      changed(await stores.recipes.undo({ workspaceId: who.workspaceId, id, position, nowMs: now() }), 'undo'),
    redo: async (who, id, position) =>
      changed(await stores.recipes.redo({ workspaceId: who.workspaceId, id, position, nowMs: now() }), 'redo'),
    async saveVersion(who, id, position) {
      const order = { workspaceId: who.workspaceId, owner: who.owner, id, position, nowMs: now() };
      const saved = await stores.recipes.saveVersion(order);
      if (typeof saved === 'string') return changed(saved) as never;
      return { version: versionOf(saved.version), created: saved.isNew };
    },
    async versions(who, id) {
      const row = await find(who, id);
      return (await stores.recipes.versions(row.id)).map(versionOf);
    },
    async version(who, id, number) {
      const row = await find(who, id);
      const version = await stores.recipes.version(row.id, number);
      if (!version) throw notFound(`version ${number} of this recipe`);
      return versionOf(version);
    },
    async exportYaml(who, id, number) {
      const row = await find(who, id);
      const steps = await stepsAt(row, number);
      const datasets: Record<string, string> = {};
      for (const named of namedDatasets(steps)) {
        const dataset = await stores.datasets.get(who.workspaceId, named);
        if (dataset) datasets[named] = dataset.name;
      }
      return { fileName: `${fileNameOf(row.name)}.yaml`, yaml: recipeToYaml({ name: row.name, steps, datasets }) };
    },
    async importYaml(who, asked) {
      const file = recipeFromYaml(asked.yaml);
      const dataset = await findDataset(who, asked.datasetId);
      const { id, datasetId, name = file.name } = asked;
      const { recipe } = await create(who, { id, datasetId, name, steps: file.steps });
      return { recipe, fit: await fitOf(who, dataset, file.steps) };
    },
    async duplicate(who, id, { name, datasetId, id: newId }) {
      const row = await find(who, id);
      const ofCopy = name ?? `${row.name.slice(0, 72)}, a copy`;
      const copy = { id: newId, name: ofCopy, datasetId: datasetId ?? row.dataset_id, steps: stepsOf(row) };
      return (await create(who, copy)).recipe;
    },
    removal: async (who, id) => removalOf(who, await find(who, id)),
    async remove(who, id) {
      const what = await removalOf(who, await find(who, id));
      const open = await stores.recipes.remove(who.workspaceId, id, now());
      if (open.length > 0) throw new Refused(409, 'In use', refusalFor(open));
      return what;
    },
    async tryOn(who, id, { datasetId, version }) {
      const row = await find(who, id);
      return fitOf(who, await findDataset(who, datasetId), await stepsAt(row, version));
    },
    async preview(who, id, { datasetId, tab = '', exact, steps: unsaved, ...asked }) {
      const row = await find(who, id);
      const dataset = await findDataset(who, datasetId ?? row.dataset_id);
      const steps = unsaved ? given(unsaved) : stepsOf(row);
      const learned = checks.learned(row.id, dataset.id);
      const key = `${who.workspaceId}/${id}/${tab}`;
      try {
        return await withTables(options, who, { dataset, steps }, (tables) =>
          data.recipePreview({ ...tables, ...asked, steps, learned, key, ...(exact ? { exact } : {}) }),
        );
      } catch (error) {
        if ((error as Error).name !== 'AbortError') throw error;
        throw new Refused(409, 'Overtaken', 'A newer preview took the place of this one.');
      }
    },
    async check(who, id, datasetId) {
      const row = await find(who, id);
      const dataset = await findDataset(who, datasetId ?? row.dataset_id);
      return checks.begin(who, row, dataset, stepsOf(row));
    },
    async checked(who, id, datasetId) {
      const row = await find(who, id);
      return checks.look(row, datasetId ?? row.dataset_id);
    },
  };
}

export function stepsOf(row: Pick<RecipeRow, 'steps_json'>): Step[] {
  return JSON.parse(row.steps_json) as Step[];
}

function refusalFor(open: readonly { name: string }[]): string {
  const names = open.map(({ name }) => `“${name}”`).join(', ');
  return `It is being carried out for ${names}. Wait for the end, or cancel.`;
}

/** Jobs have their version of it, which stays: they stand in nobody's way, but a person wants to know. */
function goingOn(jobs: readonly { name: string }[]): string[] {
  if (jobs.length === 0) return [];
  const names = jobs.slice(0, 5).map(({ name }) => `“${name}”`);
  const what = jobs.length === 1 ? '1 open job that uses it, and goes' : `${jobs.length} open jobs that use it, and go`;
  return [`${what} on: ${names.join(', ')}${jobs.length > names.length ? ' …' : ''}`];
}

/** Steps as somebody sent them, as a whole that may be kept. Settings may be incomplete: it is a draft. */
function given(steps: readonly (Omit<Step, 'id'> & { id?: string | undefined })[]): Step[] {
  const problems = steps.flatMap(({ kind }, n) =>
    findKind(kind) ? [] : [{ field: `steps.${n}.kind`, message: `There is no kind of step called “${kind}”.` }],
  );
  if (problems.length > 0) {
    throw new Refused(422, 'The recipe does not fit', problems[0]?.message ?? '', { problems });
  }
  return parsed(stepsSchema, withIds(steps));
}

/** The same steps are the same text, in whatever order their parts were sent. */
function jsonOf(steps: readonly Step[]): string {
  return JSON.stringify(steps.map(({ id, kind, on, onFailure, settings }) => ({ id, kind, on, onFailure, settings })));
}

function sentenceOf({ kind, settings }: Step): string {
  const known = findKind(kind);
  const read = known?.settings.safeParse(settings);
  return known && read?.success ? known.sentence(read.data) : (known?.title ?? kind);
}

function summaryOf(row: RecipeRow): RecipeSummary {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    datasetId: row.dataset_id,
    stepCount: stepsOf(row).length,
    latestVersion: row.latest_version,
    position: row.position,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  };
}

function versionOf(row: { number: number; owner: string; at_ms: number; steps_json: string }): RecipeVersion {
  return { number: row.number, owner: row.owner, atMs: row.at_ms, steps: stepsOf(row) };
}

function kindView({ name, title, group, help, reach, canFail, fields }: (typeof stepKinds)[number]): StepKindView {
  return { name, title, group, help, reach, canFail, fields: fields.map((field) => ({ ...field })) };
}
