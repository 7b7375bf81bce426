import { z } from 'zod';
import type { Response } from 'express';
import type { Services } from '../../services/services.ts';
import { modelDetailSchema, modelSummarySchema } from '../../services/views.ts';
import type { ApiRoutes } from './operation.ts';
import { pageOf, pagingShape, removalSchema } from './schemas.ts';
import { sendDownload } from '../send-download.ts';

const tag = 'model';
const archive = {
  description: 'One signed archive: the model, predict.py, exact requirements, its report. Parts of it by Range.',
  types: ['application/zip'],
};
const reportQuery = z.strictObject({ format: z.enum(['json', 'html']).default('json') });
const report = {
  description: 'As the trainer wrote it.',
  schema: z.record(z.string(), z.unknown()),
  types: ['text/html'],
};

export function modelOperations(api: ApiRoutes, { models }: Services): void {
  api.add(
    {
      method: 'get',
      path: '/models',
      permission: 'read',
      tag,
      summary: 'List models, newest first',
      query: z.strictObject({ search: z.string().max(200).optional(), ...pagingShape }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(modelSummarySchema) } },
    },
    async ({ who, query: { search, ...paging }, response }) => {
      response.json(await models.list(who, { ...paging, ...(search === undefined ? {} : { search }) }));
    },
  );

  api.add(
    {
      method: 'get',
      path: '/models/:id',
      permission: 'read',
      tag,
      summary: 'A model with its report',
      answers: { 200: { description: 'The model.', schema: modelDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await models.get(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/models/:id/archive',
      permission: 'read',
      tag,
      summary: 'Download a model',
      answers: { 200: archive },
    },
    async ({ who, id, request, response }) => sendDownload(request, response, await models.archive(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/models/:id/extras/:name',
      permission: 'read',
      tag,
      summary: 'Download a file that comes beside the archive, as its report names it',
      answers: { 200: { description: 'The file. Parts of it by Range.', types: ['application/octet-stream'] } },
    },
    async ({ who, id, request, response }) =>
      sendDownload(request, response, await models.extra(who, id, String(request.params['name']))),
  );

  api.add(
    {
      method: 'get',
      path: '/models/:id/report',
      permission: 'read',
      tag,
      summary: 'Its report',
      query: reportQuery,
      answers: { 200: report },
    },
    async ({ who, id, query, request, response }) => {
      if (query.format === 'json') {
        response.json((await models.get(who, id)).report);
        return;
      }
      onlyItself(response);
      await sendDownload(request, response, await models.reportHtml(who, id), { inline: true });
    },
  );

  api.add(
    {
      method: 'delete',
      path: '/models/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a model that no open work uses',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await models.remove(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/jobs/:id/model',
      permission: 'read',
      tag: 'job',
      summary: 'Download the model of a job',
      answers: { 200: archive },
    },
    async ({ who, id, request, response }) => {
      const model = await models.ofJob(who, id);
      await sendDownload(request, response, await models.archive(who, model.id));
    },
  );

  api.add(
    {
      method: 'get',
      path: '/jobs/:id/report',
      permission: 'read',
      tag: 'job',
      summary: 'The report of a job',
      query: reportQuery,
      answers: { 200: report },
    },
    async ({ who, id, query, request, response }) => {
      const model = await models.ofJob(who, id);
      if (query.format === 'json') {
        response.json(model.report);
        return;
      }
      onlyItself(response);
      await sendDownload(request, response, await models.reportHtml(who, model.id), { inline: true });
    },
  );
}

/** A report is a page that a trainer wrote, with styles inside: it may be looked at, also in a frame of ours, and nothing else. */
export function onlyItself(response: Response): void {
  response.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'; base-uri 'none'",
  );
}
