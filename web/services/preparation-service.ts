import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { countOf } from '../../db/read-models/jobs-models.ts';
import type { PreparationRow } from '../../db/tables.ts';
import { deliver } from './deliver.ts';
import { idOfKey } from './job-requests.ts';
import type { ServiceOptions } from './options.ts';
import type { RecipeService } from './recipe-service.ts';
import type { PreparationDetail, PreparationView, prepareRequestSchema } from './recipe-views.ts';
import { conflict, notFound, Refused } from './refused.ts';
import type { Asked, HealthService, Page, Removal, Who } from './services.ts';

export interface PreparationService {
  accept(
    who: Who,
    asked: z.output<typeof prepareRequestSchema>,
    options?: { idempotencyKey?: string },
  ): Promise<{ preparation: PreparationView; sentence: string; created: boolean }>;
  get(who: Who, id: string): Promise<PreparationDetail>;
  list(
    who: Who,
    query: {
      recipeId?: string | undefined;
      datasetId?: string | undefined;
      open?: boolean | undefined;
      offset?: number;
      limit?: number;
    },
  ): Promise<Page<PreparationView> & { unseen: number }>;
  cancel(who: Who, id: string): Promise<Asked>;
  /** That its end was looked at. */
  markSeen(who: Who, id: string): Promise<PreparationView>;
  removal(who: Who, id: string): Promise<Removal>;
  remove(who: Who, id: string): Promise<Removal>;
}

export function preparationService(
  options: ServiceOptions,
  parts: { health: HealthService; recipes: RecipeService },
): PreparationService {
  const { stores, work, onError } = options;
  const now = options.now ?? Date.now;

  const find = async (who: Who, id: string): Promise<PreparationRow> => {
    const row = await stores.preparations.get(who.workspaceId, id);
    if (!row) throw notFound('preparation with this id', 'It may have been removed. See the list of preparations.');
    return row;
  };

  const begin = async (row: PreparationRow): Promise<string> => {
    const isTold = row.phase === 'done' || row.started_at_ms !== null;
    const order = { id: row.id, owner: row.owner, name: row.name };
    const delivered = isTold || (await deliver(() => work.startPreparation(order), onError));
    return delivered ? 'Accepted.' : 'Accepted. It starts as soon as the Temporal server answers again.';
  };

  const accept: PreparationService['accept'] = async (who, asked, { idempotencyKey } = {}) => {
    const { recipeId } = asked;
    const keyed = idempotencyKey === undefined ? randomUUID() : idOfKey(who.workspaceId, idempotencyKey, 'preparation');
    const id = asked.id ?? keyed;
    const before = await stores.preparations.get({ workspaceId: who.workspaceId, deleted: true }, id);
    if (before) {
      const isOther =
        before.recipe_id !== recipeId ||
        (asked.datasetId !== undefined && before.dataset_id !== asked.datasetId) ||
        (asked.version !== undefined && before.recipe_version !== asked.version);
      if (isOther) throw conflict('This id or key was used before, for another preparation.', 'Use a new one.');
      return { preparation: preparationView(before), sentence: await begin(before), created: false };
    }
    const disk = await parts.health.lowDisk();
    if (disk !== undefined) throw new Refused(507, 'The disk is nearly full', disk);
    const recipe = await parts.recipes.get(who, recipeId);
    const datasetId = asked.datasetId ?? recipe.datasetId;
    const version = asked.version ?? (await parts.recipes.saveVersion(who, recipeId)).version.number;
    await refuseWhatDoesNotFit(who, { recipeId, datasetId, version });
    const kept = await stores.database.transaction(async (trx) => {
      const dataset = await stores.datasets.hold(who.workspaceId, datasetId, trx);
      const held = await stores.recipes.hold(who.workspaceId, recipeId, trx);
      if (!dataset || !held) return undefined;
      const name = asked.name ?? `${dataset.name.replace(/\.[^.]+$/, '').slice(0, 150)}, prepared`;
      return stores.preparations.insert(
        {
          ...{ id, workspace_id: who.workspaceId, owner: who.owner, name },
          ...{ recipe_id: recipeId, recipe_version: version, dataset_id: datasetId, rows_total: dataset.row_count },
        },
        now(),
        trx,
      );
    });
    if (!kept) throw conflict('The recipe or its data have just been removed.');
    return { preparation: preparationView(kept.row), sentence: await begin(kept.row), created: kept.inserted };
  };

  /** At once, in place of a failure later; what only shows on the whole file comes later. */
  const refuseWhatDoesNotFit = async (
    who: Who,
    { recipeId, datasetId, version }: { recipeId: string; datasetId: string; version: number },
  ) => {
    const { fits, sentence, steps } = await parts.recipes.tryOn(who, recipeId, { datasetId, version });
    if (fits) return;
    const problems = steps.flatMap((step) =>
      step.problems.map(({ field, message, instead }) => ({
        field: `steps.${step.place - 1}${field === undefined ? '' : `.settings.${field}`}`,
        message: `Step ${step.place}: ${message} ${instead}`,
      })),
    );
    throw new Refused(422, 'The recipe does not fit', sentence, { problems });
  };

  return {
    accept,

    async get(who, id) {
      const row = await find(who, id);
      const scope = { workspaceId: who.workspaceId, deleted: true };
      const [recipe, dataset] = await Promise.all([
        stores.recipes.get(scope, row.recipe_id),
        stores.datasets.get(scope, row.dataset_id),
      ]);
      return {
        ...preparationView(row),
        recipeName: recipe?.name ?? 'a removed recipe',
        datasetName: dataset?.name ?? 'removed data',
        result: row.result_json === null ? null : JSON.parse(row.result_json),
      };
    },

    async list(who, { recipeId, datasetId, open, offset = 0, limit = 50 }) {
      const narrow = {
        ...(recipeId === undefined ? {} : { recipeId }),
        ...(datasetId === undefined ? {} : { datasetId }),
        ...(open === undefined ? {} : { open }),
      };
      const [rows, total, unseen] = await Promise.all([
        stores.preparations.list(who.workspaceId, { ...narrow, offset, limit }),
        countOf(stores.database, 'preparations', who.workspaceId, narrow),
        stores.preparations.unseen(who.workspaceId),
      ]);
      return { items: rows.map(preparationView), total, offset, limit, unseen };
    },

    async cancel(who, id) {
      const row = await find(who, id);
      if (row.phase === 'done') throw conflict(`It is done already: ${row.reason ?? row.outcome}`);
      await stores.preparations.askCancel(who.workspaceId, id, now());
      const delivered = await deliver(() => work.cancel({ kind: 'preparation', id }), onError);
      const later = 'The Temporal server does not answer now; it is done as soon as it does.';
      return { sentence: `Cancelling: nothing of it is kept.${delivered ? '' : ` ${later}`}`, delivered };
    },

    async markSeen(who, id) {
      await find(who, id);
      await stores.preparations.markSeen(who.workspaceId, id, now());
      return preparationView(await find(who, id));
    },

    removal: async (who, id) => removalOf(await find(who, id)),

    async remove(who, id) {
      const what = removalOf(await find(who, id));
      if (what.refusal !== null) throw conflict(what.refusal);
      await stores.preparations.softDelete(who.workspaceId, id, now());
      return what;
    },
  };
}

export function preparationView(row: PreparationRow): PreparationView {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    recipeId: row.recipe_id,
    recipeVersion: row.recipe_version,
    datasetId: row.dataset_id,
    phase: row.phase,
    sentence: row.sentence,
    outcome: row.outcome,
    reason: row.reason,
    failureType: row.failure_type,
    version: row.version,
    rowsDone: row.rows_done,
    rowsTotal: row.rows_total,
    secondsLeft: row.seconds_left,
    acceptedAtMs: row.accepted_at_ms,
    startedAtMs: row.started_at_ms,
    doneAtMs: row.done_at_ms,
    cancelAskedAtMs: row.cancel_asked_at_ms,
    seenAtMs: row.seen_at_ms,
    outputDatasetId: row.output_dataset_id,
  };
}

function removalOf(row: PreparationRow): Removal {
  return {
    goes: ['its entry in the list'],
    stays: ['the dataset that it was made from', ...(row.output_dataset_id ? ['the dataset that it made'] : [])],
    refusal: row.phase === 'done' ? null : 'It is not done. Cancel it first.',
  };
}
