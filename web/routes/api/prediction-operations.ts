import { z } from 'zod';
import { idSchema } from '../../../domain/ids.ts';
import { capSchema } from '../../../domain/job-spec.ts';
import { allowSchema, predictionLimitsSchema, predictionRequestSchema } from '../../../domain/prediction-spec.ts';
import { parsed } from '../../services/request-problems.ts';
import type { PredictionAccepted, Rejected, Services } from '../../services/services.ts';
import { predictionDetailSchema, predictionSummarySchema } from '../../services/views.ts';
import type { ApiRoutes, Given } from './operation.ts';
import { receivedFile } from './received-file.ts';
import { reject } from './reject.ts';
import { acceptedPredictionSchema, askedSchema, pageOf, pagingShape, removalSchema, yesOrNo } from './schemas.ts';
import { sendDownload } from '../send-download.ts';

const tag = 'prediction';
const bodySchema = z
  .strictObject({ datasetId: idSchema, id: idSchema.optional(), allow: allowSchema, limits: predictionLimitsSchema })
  .meta({ id: 'PredictRequest' });
const fieldsSchema = z.strictObject({
  extraColumns: yesOrNo.default(true),
  castTypes: yesOrNo.default(true),
  budgetMicros: z.coerce.number().pipe(capSchema).optional(),
});
const accepted = {
  202: { description: 'Accepted.', schema: acceptedPredictionSchema, headers: { Location: 'Its address.' } },
};
const outputTypes = ['text/csv', 'application/json', 'application/vnd.apache.parquet'];

export function predictionOperations(api: ApiRoutes, { predictions, models }: Services): void {
  const answer = ({ response }: Given<z.ZodType>, result: PredictionAccepted | Rejected) => {
    if ('problems' in result) reject(result);
    const { prediction, sentence } = result;
    response.status(202).location(`/api/v1/predictions/${prediction.id}`).json({ prediction, sentence });
  };
  const predict = async (given: Given<z.ZodType>, modelId: string) => {
    const { who, request } = given;
    if (request.is('multipart/form-data')) {
      const file = receivedFile(request);
      const { budgetMicros, ...allow } = parsed(fieldsSchema, request.body ?? {});
      answer(given, await predictions.acceptUpload(who, modelId, file, { allow, budgetMicros }));
      return;
    }
    answer(given, await predictions.accept(who, { ...parsed(bodySchema, request.body ?? {}), modelId }));
  };
  const about = {
    method: 'post',
    permission: 'predict',
    description:
      'A new file as multipart/form-data, or the id of a dataset as JSON. Columns that the model does not know are ignored and types are cast, unless that is not allowed: such data is refused then, with its columns and their types. It runs on a machine like the one that trained the model; where that is billed, it needs a cap.',
    json: bodySchema,
    file: true,
    fileFields: fieldsSchema,
    answers: accepted,
  } as const;

  api.add(
    { ...about, path: '/jobs/:id/predict', tag: 'job', summary: 'Predict with the model of a job' },
    async (given) => predict(given, (await models.ofJob(given.who, given.id)).id),
  );
  api.add({ ...about, path: '/models/:id/predict', tag: 'model', summary: 'Predict with a model' }, async (given) =>
    predict(given, given.id),
  );

  api.add(
    {
      method: 'post',
      path: '/predictions',
      permission: 'predict',
      tag,
      summary: 'Predict a dataset with a model',
      json: predictionRequestSchema.strict().meta({ id: 'PredictionRequest' }),
      answers: accepted,
    },
    async (given) => answer(given, await predictions.accept(given.who, given.request.body ?? {})),
  );

  api.add(
    {
      method: 'get',
      path: '/predictions',
      permission: 'read',
      tag,
      summary: 'List predictions, newest first',
      query: z.strictObject({ modelId: idSchema.optional(), ...pagingShape }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(predictionSummarySchema) } },
    },
    async ({ who, query: { modelId, ...paging }, response }) => {
      response.json(await predictions.list(who, { ...paging, ...(modelId === undefined ? {} : { modelId }) }));
    },
  );

  api.add(
    {
      method: 'get',
      path: '/predictions/:id',
      permission: 'read',
      tag,
      summary: 'A prediction with its first rows',
      answers: { 200: { description: 'The prediction.', schema: predictionDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await predictions.get(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/predictions/:id/output',
      permission: 'read',
      tag,
      summary: 'Download what was predicted',
      description: 'In CSV, text that a spreadsheet would run as a formula gets an apostrophe before it.',
      query: z.strictObject({ format: z.enum(['csv', 'json', 'parquet']).default('csv') }),
      answers: { 200: { description: 'Every row of the data, with its predictions.', types: outputTypes } },
    },
    async ({ who, id, query, request, response }) =>
      sendDownload(request, response, await predictions.output(who, id, query.format)),
  );

  api.add(
    {
      method: 'post',
      path: '/predictions/:id/cancel',
      permission: 'predict',
      tag,
      summary: 'Cancel it',
      answers: { 202: { description: 'It will be cancelled.', schema: askedSchema } },
    },
    async ({ who, id, response }) => void response.status(202).json(await predictions.cancel(who, id)),
  );

  api.add(
    {
      method: 'delete',
      path: '/predictions/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a done prediction with its output',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await predictions.remove(who, id)),
  );
}
