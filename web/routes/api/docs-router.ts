import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express from 'express';
import type { AppContext } from '../../app-context.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';

const docsFolder = join(import.meta.dirname, 'docs');
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** Only what the page needs: the package brings an example page of its own. */
const swaggerFiles = ['swagger-ui.css', 'swagger-ui-bundle.js'];

/** `/openapi.json`, and `/api/docs` to read and try it. */
export function docsRouter(operations: readonly Operation[], context: AppContext): SecuredRoutes {
  const routes = context.openRoutes();
  let document: string | undefined;
  routes.get('/openapi.json', 'public', async (_request, response) => {
    response.type('json').set('Cache-Control', 'no-cache');
    if (document === undefined) {
      // Without a Python that could be asked there is a document all the same, until there is one.
      const engines = await context.engines().catch(() => undefined);
      const made = JSON.stringify(openApiDocument(operations, context.settings.version, engines ?? []));
      if (engines) document = made;
      response.send(made);
      return;
    }
    response.send(document);
  });
  // Where `./x up` sends people who look for the API.
  routes.get('/api/v1', 'public', (_request, response) => {
    response.json({ name: 'Trainyard', documentation: '/api/docs', openapi: '/openapi.json' });
  });
  routes.get('/api/docs', 'public', (_request, response) => {
    response.sendFile(join(docsFolder, 'index.html'), { cacheControl: false });
  });
  routes.router.use('/api/docs', express.static(docsFolder, { index: false, redirect: false }));
  for (const file of swaggerFiles) {
    routes.get(`/api/docs/${file}`, 'public', (_request, response) => {
      response.sendFile(join(swaggerFolder, file), { maxAge: '1h' });
    });
  }
  return routes;
}
