import { z } from 'zod';
import { datasetDetailSchema, datasetSummarySchema } from '../../services/views.ts';
import type { Services } from '../../services/services.ts';
import type { ApiRoutes } from './operation.ts';
import { receivedFile } from './received-file.ts';
import { guessSchema, pageOf, pagingShape, removalSchema, rowsSchema, sampleSchema, yesOrNo } from './schemas.ts';

const tag = 'dataset';

export function datasetOperations(api: ApiRoutes, { datasets }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/datasets',
      permission: 'upload',
      tag,
      summary: 'Upload a CSV file',
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
