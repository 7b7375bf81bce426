import { z } from 'zod';
import { orphanReportSchema } from '../../services/views.ts';
import type { Services } from '../../services/services.ts';
import type { ApiRoutes } from './operation.ts';
import { engineAnswerSchema, machineTypeSchema, readSettingsAnswerSchema, settingsFileSchema } from './schemas.ts';

/** What there is to choose from. */
export function machineOperations(api: ApiRoutes, { engines, machines }: Services): void {
  api.add(
    {
      method: 'get',
      path: '/engines',
      permission: 'read',
      tag: 'engine',
      summary: 'The engines with their tasks and settings',
      answers: { 200: { description: 'All of them.', schema: z.array(engineAnswerSchema) } },
    },
    async ({ response }) => void response.json(await engines.list()),
  );
  api.add(
    {
      method: 'post',
      path: '/engines/:name/settings',
      permission: 'read',
      tag: 'engine',
      summary: 'Read a file of hyperparameters as settings of the engine',
      json: settingsFileSchema,
      answers: {
        200: {
          description: 'What was found, and a sentence for each name that has no place.',
          schema: readSettingsAnswerSchema,
        },
      },
    },
    async ({ request, response }) => {
      const { name } = request.params;
      response.json(await engines.readSettings(String(name), JSON.stringify(request.body ?? {})));
    },
  );
  api.add(
    {
      method: 'get',
      path: '/machine-types',
      permission: 'read',
      tag: 'machine',
      summary: 'The kinds of machines with their prices',
      query: z.object({ cloud: z.string().optional().describe('Only of this one; 422 says why it offers none.') }),
      answers: { 200: { description: 'Of every cloud.', schema: z.array(machineTypeSchema) } },
    },
    async ({ response, query }) => void response.json(await machines.types(query.cloud)),
  );
  api.add(
    {
      method: 'get',
      path: '/orphans',
      permission: 'read',
      tag: 'machine',
      summary: 'What the clouds have that belongs to nobody any more',
      answers: { 200: { description: 'Of every cloud, by its own listing.', schema: z.array(orphanReportSchema) } },
    },
    async ({ response }) => void response.json(await machines.orphans()),
  );
}
