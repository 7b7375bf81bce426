import { z } from 'zod';
import { jobSorts } from '../../../db/stores/job-store.ts';
import { idSchema } from '../../../domain/ids.ts';
import { outcomes } from '../../../domain/outcomes.ts';
import { phases } from '../../../domain/phases.ts';
import { extendSchema } from '../../services/job-asks.ts';
import { Refused } from '../../services/refused.ts';
import type { Services } from '../../services/services.ts';
import { jobDetailSchema, jobSummarySchema } from '../../services/views.ts';
import type { ApiRoutes } from './operation.ts';
import { reject } from './reject.ts';
import {
  acceptedJobSchema,
  askedSchema,
  jobCheckSchema,
  jobRequestBodySchema,
  metricsAnswerSchema,
  metricsQuerySchema,
  pageOf,
  pagingShape,
  removalSchema,
  yesOrNo,
} from './schemas.ts';

const tag = 'job';

const listSchema = z.strictObject({
  phase: z.enum(phases).optional(),
  outcome: z.enum(outcomes).optional(),
  open: yesOrNo.optional(),
  engine: z.string().max(64).optional(),
  datasetId: idSchema.optional(),
  search: z.string().max(200).optional(),
  sort: z.enum(jobSorts).default('accepted'),
  order: z.enum(['asc', 'desc']).default('desc'),
  ...pagingShape,
});

export function jobOperations(api: ApiRoutes, { jobs }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/jobs',
      permission: 'train',
      tag,
      summary: 'Train a model',
      description:
        'Accepted once for an id or an Idempotency-Key, however often it is sent. It is kept before it is started: an accepted job survives whatever happens next.',
      headers: [
        {
          name: 'Idempotency-Key',
          description: 'Any text of yours, up to 200 characters; the same key is the same job.',
        },
      ],
      json: jobRequestBodySchema,
      answers: {
        201: { description: 'Accepted.', schema: acceptedJobSchema, headers: { Location: 'Its address.' } },
        200: { description: 'It was accepted before.', schema: acceptedJobSchema },
      },
    },
    async ({ who, request, response }) => {
      const idempotencyKey = keyOf(request.get('idempotency-key'));
      const options = idempotencyKey === undefined ? {} : { idempotencyKey };
      const accepted = await jobs.accept(who, request.body ?? {}, options);
      if ('problems' in accepted) reject(accepted);
      const { job, sentence, created } = accepted;
      response
        .status(created ? 201 : 200)
        .location(`/api/v1/jobs/${job.id}`)
        .json({ job, sentence });
    },
  );

  api.add(
    {
      method: 'post',
      path: '/jobs/check',
      permission: 'train',
      tag,
      summary: 'Say what a job would be, create and cost at most, without accepting it',
      json: jobRequestBodySchema,
      answers: { 200: { description: 'Its problems, or what it creates.', schema: jobCheckSchema } },
    },
    async ({ who, request, response }) => {
      const { problems, warnings, worstCase, estimate, creates } = await jobs.check(who, request.body ?? {});
      const counted = { ...(worstCase ? { worstCase } : {}), ...(estimate ? { estimate } : {}) };
      response.json({ problems, warnings, creates, ...counted });
    },
  );

  api.add(
    {
      method: 'get',
      path: '/jobs',
      permission: 'read',
      tag,
      summary: 'List jobs',
      query: listSchema,
      answers: { 200: { description: 'A page of them.', schema: pageOf(jobSummarySchema) } },
    },
    async ({ who, query, response }) => {
      const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
      response.json(await jobs.list(who, given));
    },
  );

  api.add(
    {
      method: 'get',
      path: '/jobs/:id',
      permission: 'read',
      tag,
      summary: 'A job with all that it has',
      answers: { 200: { description: 'The job.', schema: jobDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await jobs.get(who, id)),
  );

  api.add(
    {
      method: 'get',
      path: '/jobs/:id/metrics',
      permission: 'read',
      tag,
      summary: 'Its metrics, each with last and best',
      description: 'All of them, or one by its `name`; `offset` and `limit` count the points of each, oldest first.',
      query: metricsQuerySchema,
      answers: { 200: { description: 'One series for each metric.', schema: z.array(metricsAnswerSchema) } },
    },
    async ({ who, id, query, response }) => {
      const { name, offset, limit } = query;
      const all = await jobs.metrics(who, id);
      const wanted = all.filter((series) => name === undefined || series.name === name);
      const paged = wanted.map((series) => ({
        ...series,
        total: series.points.length,
        points: series.points.slice(offset, offset + limit),
      }));
      response.json(paged);
    },
  );

  api.add(
    {
      method: 'post',
      path: '/jobs/:id/cancel',
      permission: 'train',
      tag,
      summary: 'Cancel it: nothing is kept',
      answers: {
        202: { description: 'It will be cancelled, even if nobody can be told right now.', schema: askedSchema },
      },
    },
    async ({ who, id, response }) => void response.status(202).json(await jobs.cancel(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/jobs/:id/stop',
      permission: 'train',
      tag,
      summary: 'Stop it and keep the best so far',
      answers: {
        202: { description: 'It will be stopped, even if nobody can be told right now.', schema: askedSchema },
      },
    },
    async ({ who, id, response }) => void response.status(202).json(await jobs.stop(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/jobs/:id/extend',
      permission: 'train',
      tag,
      summary: 'Give an open job more time',
      description:
        'The new limit over all attempts. Refused beyond `limits.longestSeconds`: the end of the machine was fixed by it.',
      json: extendSchema,
      answers: {
        200: {
          description: 'The new limit.',
          schema: z.object({ trainingSeconds: z.int(), longestSeconds: z.int(), sentence: z.string() }),
        },
      },
    },
    async ({ who, id, request, response }) => void response.json(await jobs.extend(who, id, request.body ?? {})),
  );

  api.add(
    {
      method: 'delete',
      path: '/jobs/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a done job and its model; its log and cost stay unless told',
      query: z.strictObject({ withLog: yesOrNo.default(false) }),
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, query, response }) => void response.json(await jobs.remove(who, id, query)),
  );
}

function keyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = header.trim();
  if (key !== '' && key.length <= 200) return key;
  throw new Refused(422, 'Idempotency-Key does not fit', 'An Idempotency-Key has 1 to 200 characters.');
}
