import { z } from 'zod';
import type { Services } from '../../services/services.ts';
import {
  acceptedSweepSchema,
  sweepCheckSchema,
  sweepDetailSchema,
  sweepRequestBodySchema,
  sweepSummarySchema,
} from '../../services/sweep-views.ts';
import { idempotencyHeader, keyIn } from './idempotency.ts';
import type { ApiRoutes } from './operation.ts';
import { reject } from './reject.ts';
import { askedSchema, pageOf, pagingShape, removalSchema, yesOrNo } from './schemas.ts';

const tag = 'sweep';

export function sweepOperations(api: ApiRoutes, { sweeps }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/sweeps',
      permission: 'train',
      tag,
      summary: 'Try several settings, or several seeds',
      description:
        'Several jobs that differ in settings, compared as one. Accepted once for an id or an Idempotency-Key. Every setting of every trial is checked before any of them begins.',
      headers: [idempotencyHeader],
      json: sweepRequestBodySchema,
      answers: {
        201: { description: 'Accepted.', schema: acceptedSweepSchema, headers: { Location: 'Its address.' } },
        200: { description: 'It was accepted before.', schema: acceptedSweepSchema },
      },
    },
    async ({ who, request, response }) => {
      const accepted = await sweeps.accept(who, request.body ?? {}, keyIn(request));
      if ('problems' in accepted) reject(accepted);
      const { sweep, sentence, created } = accepted;
      response
        .status(created ? 201 : 200)
        .location(`/api/v1/sweeps/${sweep.id}`)
        .json({ sweep, sentence });
    },
  );

  api.add(
    {
      method: 'post',
      path: '/sweeps/check',
      permission: 'train',
      tag,
      summary: 'Say which trials there would be and what they cost at most, without accepting them',
      json: sweepRequestBodySchema,
      answers: { 200: { description: 'Its problems, or its trials.', schema: sweepCheckSchema } },
    },
    async ({ who, request, response }) => {
      const { spec: _spec, ...check } = await sweeps.check(who, request.body ?? {});
      response.json(check);
    },
  );

  api.add(
    {
      method: 'get',
      path: '/sweeps',
      permission: 'read',
      tag,
      summary: 'List sweeps, newest first',
      query: z.strictObject({ open: yesOrNo.optional(), ...pagingShape }),
      answers: { 200: { description: 'A page of them.', schema: pageOf(sweepSummarySchema) } },
    },
    async ({ who, query, response }) => void response.json(await sweeps.list(who, query)),
  );

  api.add(
    {
      method: 'get',
      path: '/sweeps/:id',
      permission: 'read',
      tag,
      summary: 'A sweep with all its trials',
      answers: { 200: { description: 'The sweep.', schema: sweepDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await sweeps.get(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/sweeps/:id/cancel',
      permission: 'train',
      tag,
      summary: 'Cancel it: open trials are cancelled, those that have ended stay',
      answers: { 202: { description: 'It will be, even if nobody can be told right now.', schema: askedSchema } },
    },
    async ({ who, id, response }) => void response.status(202).json(await sweeps.cancel(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/sweeps/:id/stop',
      permission: 'train',
      tag,
      summary: 'Begin no more trials; the open ones come to their end',
      answers: { 202: { description: 'It will be, even if nobody can be told right now.', schema: askedSchema } },
    },
    async ({ who, id, response }) => void response.status(202).json(await sweeps.stop(who, id)),
  );

  api.add(
    {
      method: 'delete',
      path: '/sweeps/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a sweep that is done from the list; its trials are jobs, and stay',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await sweeps.remove(who, id)),
  );
}
