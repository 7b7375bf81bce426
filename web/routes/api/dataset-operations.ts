import { z } from 'zod';
import { importOptionsSchema } from '../../../domain/import-options.ts';
import { parsed } from '../../services/request-problems.ts';
import { datasetDetailSchema, datasetSummarySchema, datasetVersionSchema } from '../../services/views.ts';
import type { Services } from '../../services/services.ts';
import { sendDownload } from '../send-download.ts';
import type { ApiRoutes } from './operation.ts';
import { receivedFile } from './received-file.ts';
import { guessSchema, pageOf, pagingShape, removalSchema, rowsSchema, sampleSchema, yesOrNo } from './schemas.ts';

const tag = 'dataset';
const renameSchema = z
  .strictObject({ name: z.string().trim().min(1, 'Give it a name.').max(200) })
  .meta({ id: 'DatasetChanges' });
const reimportSchema = importOptionsSchema.partial().strict().meta({ id: 'ImportOptions' });

export function datasetOperations(api: ApiRoutes, { datasets }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/datasets',
      permission: 'upload',
      tag,
      summary: 'Upload a file: a table, or images',
      description:
        'Read at once: types, missing values and a profile of every column. A file that cannot be read is refused with row, column and how to mend it, and nothing is kept.',
      file: true,
      answers: {
        201: {
          description: 'Kept, with its columns.',
          schema: datasetDetailSchema,
          headers: { Location: 'Its address.' },
        },
      },
    },
    async ({ who, request, response }) => {
      const dataset = await datasets.upload(who, receivedFile(request));
      response.status(201).location(`/api/v1/datasets/${dataset.id}`).json(dataset);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/datasets',
      permission: 'read',
      tag,
      summary: 'List datasets, newest first',
      query: z.strictObject({ search: z.string().max(200).optional(), ...pagingShape }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(datasetSummarySchema) } },
    },
    async ({ who, query: { search, ...paging }, response }) => {
      response.json(await datasets.list(who, { ...paging, ...(search === undefined ? {} : { search }) }));
    },
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id',
      permission: 'read',
      tag,
      summary: 'A dataset with its columns',
      answers: { 200: { description: 'The dataset.', schema: datasetDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await datasets.get(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id/rows',
      permission: 'read',
      tag,
      summary: 'Some of its rows',
      query: z.strictObject({ ...pagingShape, random: yesOrNo.default(false) }),
      answers: { 200: { description: 'Display-ready rows.', schema: rowsSchema } },
    },
    async ({ who, id, query, response }) => void response.json(await datasets.preview(who, id, query)),
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id/guess',
      permission: 'read',
      tag,
      summary: 'What to predict in it, as a guess with its reason',
      query: z.strictObject({ label: z.string().min(1).optional() }),
      answers: { 200: { description: 'A label and the kind of task.', schema: guessSchema } },
    },
    async ({ who, id, query, response }) => void response.json(await datasets.guess(who, id, query.label)),
  );

  api.add(
    {
      method: 'patch',
      path: '/datasets/:id',
      permission: 'upload',
      tag,
      summary: 'Rename it',
      json: renameSchema,
      answers: { 200: { description: 'The dataset.', schema: datasetDetailSchema } },
    },
    async ({ who, id, request, response }) => {
      response.json(await datasets.rename(who, id, parsed(renameSchema, request.body ?? {}).name));
    },
  );

  api.add(
    {
      method: 'post',
      path: '/datasets/:id/reimport',
      permission: 'upload',
      tag,
      summary: 'Read the same file in another way, as another version',
      json: reimportSchema,
      answers: {
        201: {
          description: 'Another version.',
          schema: datasetDetailSchema,
          headers: { Location: 'Its address.' },
        },
        200: { description: 'It was read so before.', schema: datasetDetailSchema },
      },
    },
    async ({ who, id, request, response }) => {
      const options = parsed(reimportSchema, request.body ?? {});
      const { dataset, created } = await datasets.reimport(who, id, options);
      response
        .status(created ? 201 : 200)
        .location(`/api/v1/datasets/${dataset.id}`)
        .json(dataset);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id/history',
      permission: 'read',
      tag,
      summary: 'Its versions, with how each was read or made',
      answers: { 200: { description: 'Newest first.', schema: z.array(datasetVersionSchema) } },
    },
    async ({ who, id, response }) => void response.json(await datasets.history(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id/download',
      permission: 'read',
      tag,
      summary: 'Download it, in parts if wanted',
      description:
        'In CSV, text that a spreadsheet would run as a formula gets an apostrophe before it, and images are left out; Parquet keeps them.',
      query: z.strictObject({ format: z.enum(['csv', 'parquet', 'original']).default('csv') }),
      answers: {
        200: {
          description: 'The whole of it, or the range that was asked for (206).',
          types: ['text/csv', 'application/vnd.apache.parquet', 'application/octet-stream'],
        },
      },
    },
    async ({ who, id, query, request, response }) =>
      sendDownload(request, response, await datasets.download(who, id, query.format)),
  );

  api.add(
    {
      method: 'get',
      path: '/datasets/:id/rejected',
      permission: 'read',
      tag,
      summary: 'Rows that were set aside when it was read',
      query: z.strictObject(pagingShape),
      answers: { 200: { description: 'Each with its place in the file and the reason.', schema: rowsSchema } },
    },
    async ({ who, id, query, response }) => void response.json(await datasets.rejected(who, id, query)),
  );

  api.add(
    {
      method: 'delete',
      path: '/datasets/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a dataset that no open work uses',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await datasets.remove(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/samples',
      permission: 'read',
      tag,
      summary: 'The datasets that come with Trainyard',
      answers: { 200: { description: 'All of them.', schema: z.array(sampleSchema) } },
    },
    async ({ response }) => {
      const samples = await datasets.samples();
      response.json(samples.map((sample) => sampleSchema.parse(sample)));
    },
  );

  api.add(
    {
      method: 'post',
      path: '/samples/:name',
      permission: 'upload',
      tag,
      summary: 'Add one of them as a dataset',
      answers: {
        201: {
          description: 'Kept, with its columns.',
          schema: datasetDetailSchema,
          headers: { Location: 'Its address.' },
        },
      },
    },
    async ({ who, request, response }) => {
      const dataset = await datasets.addSample(who, String(request.params.name));
      response.status(201).location(`/api/v1/datasets/${dataset.id}`).json(dataset);
    },
  );
}
