import { readModelPage, readModelsPage } from '../../../db/read-models/model-pages.ts';
import { readRecipeOfJob } from '../../../db/read-models/recipe-lines.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { modelPage, modelsPage } from '../../page-models/models-page.ts';
import { notFound } from '../../services/refused.ts';
import { sendDownload } from '../send-download.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit } from './page-kit.ts';

/** A report was written by a trainer: it may show itself, and do nothing. */
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox";

export function modelRoutes(routes: SecuredRoutes, { services, context, clock, engineTitles, show }: PageKit): void {
  routes.get(
    '/models',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const lines = await readModelsPage(context.database, who.workspaceId);
      const view = modelsPage(lines, await clock(who), await engineTitles());
      await show(request, response, 'models/list', { section: 'models', title: 'Models' }, view);
    }),
  );

  routes.get(
    '/models/:id',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const facts = await readModelPage(context.database, who.workspaceId, idIn(request, 'model with this id'));
      if (!facts) throw notFound('model with this id', 'It may have been removed. See the list of models.');
      const recipe = await readRecipeOfJob(context.database, who.workspaceId, facts.model.job_id);
      const view = modelPage(facts, recipe, await clock(who), await engineTitles());
      await show(request, response, 'models/model', { section: 'models', title: view.name }, view);
    }),
  );

  routes.get(
    '/models/:id/archive',
    'read',
    page(async (request, response) => {
      const download = await services.models.archive(context.who(request), idIn(request, 'model with this id'));
      await sendDownload(request, response, download);
    }),
  );

  routes.get(
    '/models/:id/extras/:name',
    'read',
    page(async (request, response) => {
      const id = idIn(request, 'model with this id');
      const name = String(request.params['name']);
      await sendDownload(request, response, await services.models.extra(context.who(request), id, name));
    }),
  );

  routes.get(
    '/models/:id/report.html',
    'read',
    page(async (request, response) => {
      const report = await services.models.reportHtml(context.who(request), idIn(request, 'model with this id'));
      response.set('Content-Security-Policy', reportPolicy).set('X-Content-Type-Options', 'nosniff');
      await sendDownload(request, response, report, { inline: true });
    }),
  );

  routes.get(
    '/models/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, 'model with this id');
      const facts = await readModelPage(context.database, who.workspaceId, id);
      if (!facts) throw notFound('model with this id', 'It may have been removed already.');
      const { name } = facts.model;
      const removal = await services.models.removal(who, id);
      const view = deletePage({ kindWord: 'model', name, href: `/models/${id}`, removal });
      await show(request, response, 'delete', { section: 'models', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/models/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.models.remove(context.who(request), idIn(request, 'model with this id'));
      goTo(response, '/models');
    }),
  );
}
