import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RecipeRun } from '../data/recipe/recipe-calls.ts';
import type { DatasetRow, PreparationRow } from '../db/tables.ts';
import { datasetFiles } from '../domain/dataset-files.ts';
import { familyOf, TrainyardError } from '../domain/failures.ts';
import type { Outcome } from '../domain/outcomes.ts';
import { queuesOn, type Queues } from '../domain/queues.ts';
import { stepsSchema } from '../domain/recipe/recipe.ts';
import type { Dependencies } from './dependencies.ts';
import { preparationProgress } from './preparation-progress.ts';
import { localCopy, othersOf } from './recipe-tables.ts';
import { inScratch } from './scratch.ts';
import { sha256Of } from './trusted-model.ts';

/** What does not fit into memory, or ends the engine, may have met a bad moment; not as often as this. */
const triesForTheEngine = 4;

export interface PreparationResult {
  outcome: Outcome;
  reason: string;
}

export function preparationActivities(dependencies: Dependencies) {
  const { stores, clouds, now } = dependencies;

  const rowOf = async (id: string): Promise<PreparationRow> => {
    const row = await stores.preparations.find(id);
    if (!row) throw new TrainyardError('NotFound', `There is no preparation ${id} in the database.`);
    return row;
  };

  return {
    /** Safe to retry: that it has started is noted once. The data queue is that of the host that has the store. */
    async planPreparation(id: string): Promise<Queues> {
      await stores.preparations.markStarted(id, now());
      const [home] = clouds.values();
      return queuesOn(home?.host ?? null);
    },

    /**
     * Safe to retry, and to run twice at once: everything is made aside, the dataset and the end of the preparation are
     * one transaction, and whoever comes second finds it done.
     */
    async runPreparation(id: string): Promise<PreparationResult> {
      const row = await rowOf(id);
      const before = resultOf(row);
      if (before) return before;
      // Outside Temporal (in tests) there is nobody to cancel it.
      const context = contextIfAny();
      try {
        return await inScratch(dependencies, (folder) =>
          prepare(dependencies, row, folder, context?.cancellationSignal),
        );
      } catch (error) {
        if (context?.cancellationSignal.aborted) throw error;
        throw await said(error, row, context?.info.attempt ?? 1);
      }
    },

    /** Safe to retry: only the first end counts, and every caller is told it. */
    async closePreparation(request: PreparationResult & { id: string; failureType: string | null }) {
      const { id, ...end } = request;
      await stores.preparations.close(id, { ...end, nowMs: now() });
      return resultOf(await rowOf(id)) ?? { outcome: end.outcome, reason: end.reason };
    },
  };

  /** Whoever looks is told why it takes longer; and what goes wrong each time ends it. */
  async function said(error: unknown, row: PreparationRow, attempt: number): Promise<unknown> {
    if (!(error instanceof TrainyardError) || familyOf(error.type) !== 'platform') return error;
    if ((error.type === 'OutOfMemory' || error.type === 'EngineUnavailable') && attempt >= triesForTheEngine) {
      return ApplicationFailure.nonRetryable(`${error.message} It was tried ${attempt} times.`, error.type);
    }
    const sentence = `${error.message} It is tried again.`;
    await stores.preparations.progress(row.id, {
      rows_done: 0,
      rows_total: row.rows_total,
      seconds_left: null,
      sentence,
    });
    return error;
  }
}

function contextIfAny(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}

function resultOf({ outcome, reason }: PreparationRow): PreparationResult | undefined {
  return outcome === null ? undefined : { outcome, reason: reason ?? '' };
}

async function prepare(
  dependencies: Dependencies,
  row: PreparationRow,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<PreparationResult> {
  const { stores, data } = dependencies;
  const source = await stores.datasets.find(row.dataset_id);
  if (!isThere(source)) throw new TrainyardError('BadData', 'The dataset that it was to prepare has been deleted.');
  const version = await stores.recipes.version(row.recipe_id, row.recipe_version);
  if (!version) throw new TrainyardError('NotFound', 'The version of its recipe is not there any more.');
  const steps = stepsSchema.parse(JSON.parse(version.steps_json));
  const progress = preparationProgress(dependencies, row, source.row_count);
  try {
    const parquet = await localCopy(dependencies, source, join(folder, 'source.parquet'));
    const others = await othersOf(dependencies, { dataset: source, steps, folder });
    const made = { parquet: join(folder, 'data.parquet'), csv: join(folder, 'data.csv') };
    const run = await data.runRecipe({
      ...{ parquet, steps, others, toParquet: made.parquet, toCsv: made.csv },
      ...{ signal, onProgress: progress.running },
    });
    progress.say('Looking at every column of the result.');
    const profile = await data.profile({ parquet: made.parquet, signal });
    signal?.throwIfAborted();
    progress.say('Keeping the result.');
    const dataset = {
      content_hash: await sha256Of(made.parquet),
      bytes: (await stat(made.parquet)).size,
      row_count: profile.rows,
      column_count: profile.columns.length,
      profile_json: JSON.stringify(profile),
    };
    return await keep(dependencies, row, run, made, dataset);
  } finally {
    await progress.end();
  }
}

type MadeDataset = Pick<DatasetRow, 'content_hash' | 'bytes' | 'row_count' | 'column_count' | 'profile_json'>;

/** Its files first, then its row with the end of the preparation: nothing half-written is ever seen. */
async function keep(
  { stores, store, now }: Dependencies,
  row: PreparationRow,
  run: RecipeRun,
  made: { parquet: string; csv: string },
  dataset: MadeDataset,
): Promise<PreparationResult> {
  const files = datasetFiles({ ...dataset, table_name: 'data' });
  const putFiles = async () => {
    if (!(await store.exists(files.parquet))) await store.put(files.parquet, made.parquet);
    if (!(await store.exists(files.csv))) await store.put(files.csv, made.csv);
  };
  await putFiles();
  const reason = `Ready: ${count(run.rowsOut, 'row')} of ${count(run.rowsIn, 'row')} in ${count(dataset.column_count, 'column')}.`;
  const end = await stores.database.transaction(async (trx) => {
    const id = crypto.randomUUID();
    const closed = await stores.preparations.close(
      row.id,
      {
        outcome: 'succeeded',
        reason,
        outputDatasetId: id,
        resultJson: JSON.stringify({ steps: run.steps, rowsIn: run.rowsIn, rowsOut: run.rowsOut }),
        rows: run.rowsIn,
        nowMs: now(),
      },
      trx,
    );
    // Somebody was first: another try that was taken for dead, or a cancel. That end stands.
    if (!closed) return (await stores.preparations.find(row.id, trx)) ?? row;
    await stores.datasets.insert(
      {
        ...dataset,
        ...{ id, workspace_id: row.workspace_id, owner: row.owner, name: row.name },
        created_at_ms: now(),
        made_by_preparation_id: row.id,
      },
      trx,
    );
    return undefined;
  });
  if (end) return resultOf(end) ?? { outcome: 'cancelled', reason: 'It was ended.' };
  // The last other dataset with these bytes may have been removed meanwhile, and its files with it.
  await putFiles();
  return { outcome: 'succeeded', reason };
}

function isThere<Row extends { deleted_at_ms: number | null }>(row: Row | undefined): row is Row {
  return row !== undefined && row.deleted_at_ms === null;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
}
