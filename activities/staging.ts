import { join } from 'node:path';
import type { DatasetProfile } from '../domain/dataset.ts';
import { schemaOf } from '../db/looked-into.ts';
import { datasetFiles } from '../domain/dataset-files.ts';
import { TrainyardError } from '../domain/failures.ts';
import { fitToModel, type ModelColumn, notAllowed } from '../domain/fit-to-model.ts';
import { type ImportUsed, optionsOf } from '../domain/import-options.ts';
import type { AttemptRef, Holder } from '../domain/ids.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { TableSchema } from '../domain/recipe/table-schema.ts';
import { trainerSpec } from '../domain/trainer-spec.ts';
import type { Cloud } from '../infra/cloud.ts';
import type { Dependencies } from './dependencies.ts';
import { cloudOf, type HolderWork } from './holders.ts';
import { preparedColumns, stageRecipe } from './recipes.ts';
import { fromStore, inScratch } from './scratch.ts';
import { trustedModel } from './trusted-model.ts';

/** Lays out in the bucket what a machine will need. */
export function stagingActivities(dependencies: Dependencies) {
  const { stores, store, data } = dependencies;
  return {
    /** Safe to retry: every object is replaced whole, and what a recipe learned is learned once. */
    async stageTraining(holder: Holder): Promise<void> {
      const { cloud, work } = await cloudOf(dependencies, holder);
      if (work.kind !== 'job') throw new TrainyardError('Bug', 'Only a job is staged for training.');
      const { spec } = work;
      const dataset = await stores.datasets.find(spec.datasetId);
      if (!isThere(dataset)) throw new TrainyardError('BadData', 'The dataset of this job has been deleted.');
      await inScratch(dependencies, async (folder) => {
        const path = join(folder, 'data.parquet');
        await fromStore(dependencies, datasetFiles(dataset).parquet, path);
        if (spec.recipeId) await stageRecipe(dependencies, cloud, { spec, dataset, raw: path, folder });
        else await cloud.putObject(holder, 'input/data.parquet', path);
        if (!spec.continuesJobId) return;
        const model = await stores.models.findByJob(spec.continuesJobId);
        if (!isThere(model)) {
          throw new TrainyardError('BadSpec', 'The model that this job was to continue has been deleted.');
        }
        await cloud.putObject(holder, 'input/model.zip', await trustedModel(dependencies, model, folder));
      });
    },

    /** Safe to retry: every object is replaced whole. */
    async stagePrediction(holder: Holder): Promise<void> {
      const { cloud, work } = await cloudOf(dependencies, holder);
      if (work.kind !== 'prediction') throw new TrainyardError('Bug', 'Only a prediction is staged for predicting.');
      const model = await stores.models.find(work.spec.modelId);
      if (!isThere(model)) throw new TrainyardError('NotFound', 'The model of this prediction has been deleted.');
      const dataset = await stores.datasets.find(work.spec.datasetId);
      if (!isThere(dataset)) throw new TrainyardError('BadData', 'The data of this prediction has been deleted.');
      const columns = JSON.parse(model.input_schema_json) as ModelColumn[];
      // Whoever had it accepted was told so then; nothing else may mend what the person did not allow.
      const fit = fitToModel(columns, JSON.parse(dataset.profile_json) as DatasetProfile);
      const refused = notAllowed(fit, work.spec.allow, model.name);
      if (refused.length > 0) throw new TrainyardError('BadData', refused.join(' '));
      const features = columns.filter((column) => column.role === 'feature');
      await inScratch(dependencies, async (folder) => {
        const given = join(folder, 'given');
        const fitting = join(folder, 'data.parquet');
        // As it was uploaded: “007” that was taken for a number on its own is text again where the model learned text.
        const { original, parquet } = datasetFiles(dataset);
        const isCsv = !isOfImages(dataset.import_json) && (await store.exists(original));
        await fromStore(dependencies, isCsv ? original : parquet, given);
        const read = dataset.import_json === null ? {} : { options: optionsOf(JSON.parse(dataset.import_json)) };
        await data.conform({ path: given, isCsv, schema: features, toParquet: fitting, name: dataset.name, ...read });
        await cloud.putObject(holder, 'input/data.parquet', fitting);
        await cloud.putObject(holder, 'input/model.zip', await trustedModel(dependencies, model, folder));
      });
    },
  };
}

/** There is nothing to be read in another way in images: their table is what the model learned from. */
function isOfImages(importJson: string | null): boolean {
  return importJson !== null && (JSON.parse(importJson) as ImportUsed).format === 'images';
}

function isThere<Row extends { deleted_at_ms: number | null }>(row: Row | undefined): row is Row {
  return row !== undefined && row.deleted_at_ms === null;
}

/** The trainer's own spec, anew for each attempt: what is left of the time differs. */
export async function stageTrainerSpec(
  dependencies: Dependencies,
  cloud: Cloud,
  work: HolderWork,
  ref: AttemptRef,
  deadlineAtMs: number,
): Promise<void> {
  const trainingSeconds = Math.max(1, Math.floor((deadlineAtMs - dependencies.now()) / 1000));
  const spec = work.kind === 'job' ? await trainSpec(dependencies, cloud, work, trainingSeconds) : predictSpec(work);
  await cloud.putText(ref, 'input/spec.json', JSON.stringify(spec));
}

async function trainSpec(
  dependencies: Dependencies,
  cloud: Cloud,
  { spec }: Extract<HolderWork, { kind: 'job' }>,
  trainingSeconds: number,
) {
  const columns = await columnsOf(dependencies, cloud, spec);
  return {
    ...trainerSpec(
      spec,
      columns.map(({ name, type }) => ({ name, sqlType: type })),
    ),
    jobId: spec.id,
    limits: { trainingSeconds },
  };
}

/** Of the rows that the trainer will see. */
async function columnsOf(dependencies: Dependencies, cloud: Cloud, spec: JobSpec): Promise<TableSchema> {
  if (spec.recipeId) return preparedColumns(cloud, { kind: 'job', id: spec.id });
  const dataset = await dependencies.stores.datasets.find(spec.datasetId);
  if (!dataset) throw new TrainyardError('BadData', 'The dataset of this job has been deleted.');
  return schemaOf(dataset);
}

function predictSpec({ spec }: Extract<HolderWork, { kind: 'prediction' }>) {
  return {
    kind: 'predict',
    predictionId: spec.id,
    engine: spec.engine,
    model: 'input/model.zip',
    data: 'input/data.parquet',
  };
}
