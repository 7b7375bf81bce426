import { z } from 'zod';
import { idSchema } from '../../../domain/ids.ts';
import { preparationDetailSchema, preparationSchema, prepareRequestSchema } from '../../services/recipe-views.ts';
import { parsed } from '../../services/request-problems.ts';
import type { Services } from '../../services/services.ts';
import { idempotencyHeader, keyIn } from './idempotency.ts';
import type { ApiRoutes } from './operation.ts';
import { askedSchema, pagingShape, removalSchema, yesOrNo } from './schemas.ts';

const tag = 'preparation';
const acceptedSchema = z
  .object({ preparation: preparationSchema, sentence: z.string() })
  .meta({ id: 'AcceptedPreparation' });

export function preparationOperations(api: ApiRoutes, { preparations }: Services): void {
  api.add(
    {
      method: 'post',
      path: '/preparations',
      permission: 'prepare',
      tag,
      summary: 'Carry a recipe out on a whole dataset',
      description:
        'Makes another dataset. Accepted once for an id or an Idempotency-Key; what does not fit is refused at once, step by step.',
      headers: [idempotencyHeader],
      json: prepareRequestSchema,
      answers: {
        202: { description: 'Accepted.', schema: acceptedSchema, headers: { Location: 'Its address.' } },
        200: { description: 'It was accepted before.', schema: acceptedSchema },
      },
    },
    async ({ who, request, response }) => {
      const asked = parsed(prepareRequestSchema, request.body ?? {});
      const { preparation, sentence, created } = await preparations.accept(who, asked, keyIn(request));
      response
        .status(created ? 202 : 200)
        .location(`/api/v1/preparations/${preparation.id}`)
        .json({ preparation, sentence });
    },
  );

  api.add(
    {
      method: 'get',
      path: '/preparations',
      permission: 'read',
      tag,
      summary: 'List preparations, newest first',
      query: z.strictObject({
        recipeId: idSchema.optional(),
        datasetId: idSchema.optional(),
        open: yesOrNo.optional(),
        ...pagingShape,
      }),
      answers: {
        200: {
          description: 'A page of them; `unseen` have come to their end without anybody having looked.',
          schema: z.object({
            items: z.array(preparationSchema),
            ...{ total: z.int(), offset: z.int(), limit: z.int(), unseen: z.int() },
          }),
        },
      },
    },
    async ({ who, query, response }) => void response.json(await preparations.list(who, query)),
  );

  api.add(
    {
      method: 'get',
      path: '/preparations/:id',
      permission: 'read',
      tag,
      summary: 'How far it is, and what each step did',
      answers: { 200: { description: 'The preparation.', schema: preparationDetailSchema } },
    },
    async ({ who, id, response }) => void response.json(await preparations.get(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/preparations/:id/cancel',
      permission: 'prepare',
      tag,
      summary: 'Cancel it: nothing is kept',
      answers: {
        202: { description: 'It will be cancelled, even if nobody can be told right now.', schema: askedSchema },
      },
    },
    async ({ who, id, response }) => void response.status(202).json(await preparations.cancel(who, id)),
  );

  api.add(
    {
      method: 'post',
      path: '/preparations/:id/seen',
      permission: 'read',
      tag,
      summary: 'Say that its end was looked at',
      answers: { 200: { description: 'The preparation.', schema: preparationSchema } },
    },
    async ({ who, id, response }) => void response.json(await preparations.markSeen(who, id)),
  );

  api.add(
    {
      method: 'delete',
      path: '/preparations/:id',
      permission: 'remove',
      tag,
      summary: 'Remove a done one from the list; the dataset that it made stays',
      answers: { 200: { description: 'What went and what stays.', schema: removalSchema } },
    },
    async ({ who, id, response }) => void response.json(await preparations.remove(who, id)),
  );
}
