import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { tooMuchFor } from '../../activities/workspace-use.ts';
import { ownName } from '../../data/own-name.ts';
import { countOf } from '../../db/read-models/jobs-models.ts';
import { IdempotencyConflict } from '../../db/stores/job-store.ts';
import type { DatasetRow, ModelRow, PredictionRow } from '../../db/tables.ts';
import { logFolderOf } from '../../infra/object-names.ts';
import { type Fit, fitToModel, mendedBy, mendedSentences, misfits } from '../../domain/fit-to-model.ts';
import {
  type Allow,
  allowSchema,
  keptPredictionSpec,
  predictionLimitsSchema,
  type PredictionRequest,
  predictionRequestSchema,
  type PredictionSpec,
  predictionSpecSchema,
} from '../../domain/prediction-spec.ts';
import type { KeepDataset } from './dataset-service.ts';
import { deliver } from './deliver.ts';
import { workAsks } from './job-asks.ts';
import { costNow, partsOf } from './job-details.ts';
import { withLocalCopy } from './local-copy.ts';
import { fileNameOf, storedDownload } from './model-service.ts';
import type { ServiceOptions } from './options.ts';
import { predictionMoney } from './prediction-money.ts';
import { conflict, notFound, Refused } from './refused.ts';
import { problemsIn } from './request-problems.ts';
import { inputSchemaOf, predictionSummary, profileOf, specOf } from './row-views.ts';
import type {
  DatasetService,
  Download,
  HealthService,
  OutputFormat,
  PredictionAccepted,
  PredictionService,
  Rejected,
  Removal,
  UploadedFile,
  Who,
} from './services.ts';
import type { FieldProblem } from './views.ts';

const requestSchema = predictionRequestSchema.strict();
const asUsual = allowSchema.parse(undefined);

export function predictionService(
  options: ServiceOptions,
  parts: { health: HealthService; keep: KeepDataset; datasets: DatasetService },
): PredictionService {
  const { stores, store, work, clouds, onError } = options;
  const now = options.now ?? Date.now;
  const asks = workAsks(options);

  const find = async (who: Who, id: string): Promise<PredictionRow> => {
    const row = await stores.predictions.get(who.workspaceId, id);
    if (!row) throw notFound('prediction with this id', 'It may have been removed. See the list of predictions.');
    return row;
  };

  const findModel = async (who: Who, id: string): Promise<ModelRow> => {
    const model = await stores.models.get(who.workspaceId, id);
    if (!model) throw notFound('model with this id', 'It may have been removed. See the list of models.');
    return model;
  };

  const begin = async (row: PredictionRow): Promise<string> => {
    const isTold = row.phase === 'done' || row.started_at_ms !== null;
    const spec = keptPredictionSpec(row.spec_json);
    const delivered = isTold || (await deliver(() => work.startPrediction(spec), onError));
    return delivered ? 'Accepted.' : 'Accepted. It starts as soon as the Temporal server answers again.';
  };

  const specFor = async (
    who: Who,
    model: ModelRow,
    asked: Pick<PredictionRequest, 'datasetId' | 'allow' | 'limits'> & { id: string },
  ): Promise<PredictionSpec> => {
    // On a machine like the one that trained it: there it is known to fit.
    const job = await stores.jobs.get({ workspaceId: who.workspaceId, deleted: true }, model.job_id);
    return predictionSpecSchema.parse({
      ...asked,
      ...who,
      modelId: model.id,
      engine: model.engine,
      // Who may log in was asked of the job, and of nothing after it.
      ...(job ? { machine: { ...specOf(job).machine, ssh: undefined } } : {}),
    });
  };

  const accept = async (who: Who, given: unknown): Promise<PredictionAccepted | Rejected> => {
    const result = requestSchema.safeParse(given);
    if (!result.success) return { problems: problemsIn(result.error) };
    const { id = randomUUID(), modelId, datasetId, allow, limits } = result.data;
    const before = await stores.predictions.get({ workspaceId: who.workspaceId, deleted: true }, id);
    if (before) {
      const isSame =
        before.model_id === modelId && before.dataset_id === datasetId && asksSame(before, { allow, limits });
      if (!isSame) throw askedDifferently();
      return { prediction: predictionSummary(before), sentence: await begin(before), created: false };
    }
    const disk = await parts.health.lowDisk();
    if (disk !== undefined) return { problems: [{ field: '', message: disk }] };
    const model = await stores.models.get(who.workspaceId, modelId);
    if (!model)
      return { problems: [{ field: 'modelId', message: 'There is no such model; it may have been removed.' }] };
    const dataset = await stores.datasets.get(who.workspaceId, datasetId);
    if (!dataset) {
      return { problems: [{ field: 'datasetId', message: 'There is no such dataset; it may have been removed.' }] };
    }
    const problems = misfitsOf(model, dataset, { field: 'datasetId', allow });
    if (problems.length > 0) return { problems };
    const spec = await specFor(who, model, { id, datasetId, allow, limits });
    const money = await predictionMoney(clouds, spec);
    if (money.problems.length > 0) return { problems: money.problems };
    const worstMicros = money.worst?.micros ?? 0;
    const kept = await stores.database
      .transaction(async (trx) => {
        const isThere =
          (await stores.models.hold(who.workspaceId, modelId, trx)) &&
          (await stores.datasets.hold(who.workspaceId, datasetId, trx));
        if (!isThere) return undefined;
        const weighed = { workspaceId: who.workspaceId, worstMicros, nowMs: now() };
        const message = options.workspaceLimits && (await tooMuchFor(stores, options.workspaceLimits, weighed, trx));
        if (message) return { problems: [{ field: '', message }] };
        return stores.predictions.insert(spec, { nowMs: now(), worstMicros }, trx);
      })
      .catch((error: unknown) => {
        throw error instanceof IdempotencyConflict ? askedDifferently() : error;
      });
    if (!kept) return { problems: [{ field: 'modelId', message: 'Model or data have just been removed.' }] };
    if ('problems' in kept) return kept;
    const sentence = [await begin(kept.row), ...mendedSentences(mendedBy(fitOf(model, dataset)))].join(' ');
    return { prediction: predictionSummary(kept.row), sentence, created: kept.inserted };
  };

  // The second press waits for the first: both at once would keep the same file as two datasets.
  const uploads = new Map<string, Promise<void>>();

  const acceptOneUpload = async (
    who: Who,
    modelId: string,
    file: UploadedFile,
    { id, allow, limits }: { id: string } & Pick<PredictionRequest, 'allow' | 'limits'>,
  ): Promise<PredictionAccepted | Rejected> => {
    const model = await findModel(who, modelId);
    const kept = await parts.keep(who, file);
    const dropAgain = async () => {
      if (kept.created) await parts.datasets.remove(who, kept.row.id);
    };
    const problems = misfitsOf(model, kept.row, { field: 'file', allow });
    if (problems.length > 0) {
      await dropAgain();
      return { problems };
    }
    const datasetId = kept.row.id;
    // Another file or choice, sent from a page that the browser went back to, is another request.
    const before = await stores.predictions.get({ workspaceId: who.workspaceId, deleted: true }, id);
    const own = before && (before.dataset_id !== datasetId || !asksSame(before, { allow, limits })) ? {} : { id };
    const accepted = await accept(who, { ...own, modelId, datasetId, allow, limits });
    if ('problems' in accepted) await dropAgain();
    return accepted;
  };

  return {
    accept,

    async money(who, modelId) {
      const model = await findModel(who, modelId);
      const asked = {
        id: randomUUID(),
        datasetId: randomUUID(),
        allow: asUsual,
        limits: predictionLimitsSchema.parse({}),
      };
      return predictionMoney(clouds, await specFor(who, model, asked));
    },

    async acceptUpload(who, modelId, file, { id = randomUUID(), allow = asUsual, budgetMicros = null } = {}) {
      const key = `${who.workspaceId}/${id}`;
      const mine = (uploads.get(key) ?? Promise.resolve()).then(() =>
        acceptOneUpload(who, modelId, file, { id, allow, limits: { budgetMicros } }),
      );
      const ended = mine.then(nothing, nothing);
      uploads.set(key, ended);
      try {
        return await mine;
      } finally {
        if (uploads.get(key) === ended) uploads.delete(key);
      }
    },

    async get(who, id) {
      const row = await find(who, id);
      const holder = { kind: 'prediction', id } as const;
      const scope = { workspaceId: who.workspaceId, deleted: true };
      const [ofHolder, cost, model, dataset] = await Promise.all([
        partsOf(options, holder),
        costNow(options, holder, row),
        stores.models.get(scope, row.model_id),
        stores.datasets.get(scope, row.dataset_id),
      ]);
      return {
        ...predictionSummary(row),
        ...ofHolder,
        cost,
        modelName: model?.name ?? 'a removed model',
        datasetName: dataset?.name ?? 'removed data',
        allow: keptPredictionSpec(row.spec_json).allow,
        mended: model && dataset ? mendedBy(fitOf(model, dataset)) : null,
        preview: row.preview_json === null ? null : JSON.parse(row.preview_json),
      };
    },

    async list(who, { modelId, offset = 0, limit = 50 }) {
      const narrow = modelId === undefined ? {} : { modelId };
      const [rows, total] = await Promise.all([
        stores.predictions.list(who.workspaceId, { ...narrow, offset, limit }),
        countOf(stores.database, 'predictions', who.workspaceId, narrow),
      ]);
      return { items: rows.map(predictionSummary), total, offset, limit };
    },

    cancel: async (who, id) => asks.cancel(who, { kind: 'prediction', id }, await find(who, id)),

    async output(who, id, format) {
      const row = await find(who, id);
      if (row.output_hash === null) throw notYet(row);
      const model = await stores.models.get({ workspaceId: who.workspaceId, deleted: true }, row.model_id);
      return outputOf(row, row.output_hash, format, fileNameOf(`${model?.name ?? 'model'} predictions`));
    },

    removal: async (who, id) => removalOf(await find(who, id)),

    async remove(who, id) {
      const row = await find(who, id);
      const what = removalOf(row);
      if (what.refusal !== null) throw conflict(what.refusal);
      const holder = { kind: 'prediction', id } as const;
      for (const object of await store.list(`predictions/${id}/`)) await store.remove(object);
      for (const object of await store.list(logFolderOf(holder))) await store.remove(object);
      await stores.log.deleteAll(holder);
      // Last, so that after a crash it is still listed and can be removed again.
      await stores.predictions.softDelete(who.workspaceId, id, now());
      return what;
    },
  };

  async function outputOf(row: PredictionRow, hash: string, format: OutputFormat, name: string): Promise<Download> {
    const base = `predictions/${row.id}/predictions`;
    if (format !== 'json') {
      const contentType = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/vnd.apache.parquet';
      const download = await storedDownload(options, `${base}.${format}`, {
        contentType,
        fileName: `${name}.${format}`,
      });
      return { ...download, etag: `${hash}-${format}` };
    }
    // Made when it is asked for: few ask, and it is the largest of the three.
    const path = join(options.tempFolder, `${ownName('web')}${randomUUID()}.json`);
    await withLocalCopy(options, `${base}.parquet`, (parquet) => options.data.toJson({ parquet, path }));
    const { size } = await stat(path);
    return {
      fileName: `${name}.json`,
      contentType: 'application/json',
      bytes: size,
      etag: `${hash}-json`,
      // Exclusive here, inclusive there.
      open: (range) => createReadStream(path, range ? { start: range.start, end: (range.end ?? size) - 1 } : {}),
      close: () => rm(path, { force: true }),
    };
  }
}

function nothing(): void {}

/** By names and types. Values are compared when the data is prepared: for that it is read whole. */
function fitOf(model: ModelRow, dataset: DatasetRow): Fit {
  return fitToModel(inputSchemaOf(model), profileOf(dataset));
}

function misfitsOf(
  model: ModelRow,
  dataset: DatasetRow,
  { field, allow }: { field: string; allow: Allow },
): FieldProblem[] {
  return misfits(fitOf(model, dataset), allow, model.name).map((message) => ({ field, message }));
}

function asksSame(row: PredictionRow, asked: Pick<PredictionRequest, 'allow' | 'limits'>): boolean {
  const { allow, limits } = keptPredictionSpec(row.spec_json);
  return isDeepStrictEqual(allow, asked.allow) && limits.budgetMicros === asked.limits.budgetMicros;
}

function removalOf(row: PredictionRow): Removal {
  return {
    goes:
      row.row_count === null ? ['its entry in the list'] : [`the predictions (${row.row_count} rows) and their log`],
    stays: ['the data that was predicted', 'the model'],
    refusal: row.phase === 'done' ? null : 'It is not done. Cancel it first.',
  };
}

function notYet(row: PredictionRow): Refused {
  if (row.row_count !== null) {
    return notFound(
      'output of this prediction any more',
      'It was kept for the time that the settings say. Predict again.',
    );
  }
  if (row.phase === 'done') return notFound('output of this prediction', row.reason ?? 'It left none.');
  return new Refused(409, 'Not yet', 'This prediction is not done yet.', {
    hint: 'Follow its events, or ask again later.',
  });
}

function askedDifferently(): Refused {
  return conflict('This id was used before, for another prediction.', 'Use a new id.');
}
