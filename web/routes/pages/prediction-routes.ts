import type { Request } from 'express';
import { readPredictionPage, readPredictionsPage } from '../../../db/read-models/prediction-pages.ts';
import { readRecipeOfJob } from '../../../db/read-models/recipe-lines.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { type PredictionPage, predictionPage, predictionsPage } from '../../page-models/predictions-page.ts';
import { notFound } from '../../services/refused.ts';
import type { OutputFormat } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit } from './page-kit.ts';
import { sendDownload } from '../send-download.ts';

const formats: OutputFormat[] = ['csv', 'json', 'parquet'];
const openPageSeconds = 5;

export function predictionRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  routes.get(
    '/predictions',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const lines = await readPredictionsPage(context.database, who.workspaceId);
      const view = predictionsPage(lines, await clock(who), await kit.engineTitles());
      await show(request, response, 'predictions/list', { section: 'predictions', title: 'Predictions' }, view);
    }),
  );

  routes.get(
    '/predictions/:id',
    'read',
    page(async (request, response) => {
      const view = await readPrediction(request, kit);
      await show(
        request,
        response,
        'predictions/prediction',
        {
          section: 'predictions',
          title: `${view.chip.word}: ${view.name}`,
          scripts: ['work-live.js'],
          refreshSeconds: view.isOpen ? openPageSeconds : null,
        },
        view,
      );
    }),
  );

  routes.get(
    '/predictions/:id/live',
    'read',
    page(async (request, response) => {
      await kit.showLive(request, response, 'predictions/live', await readPrediction(request, kit));
    }),
  );

  for (const format of formats) {
    routes.get(
      `/predictions/:id/output.${format}`,
      'read',
      page(async (request, response) => {
        const id = idIn(request, 'prediction with this id');
        await sendDownload(request, response, await services.predictions.output(context.who(request), id, format));
      }),
    );
  }

  routes.post(
    '/predictions/:id/cancel',
    'predict',
    page(async (request, response) => {
      const id = idIn(request, 'prediction with this id');
      await services.predictions.cancel(context.who(request), id);
      goTo(response, `/predictions/${id}`);
    }),
  );

  routes.get(
    '/predictions/:id/delete',
    'remove',
    page(async (request, response) => {
      const { name, href, id } = await readPrediction(request, kit);
      const removal = await services.predictions.removal(context.who(request), id);
      const view = deletePage({ kindWord: 'prediction', name, href, removal });
      await show(
        request,
        response,
        'delete',
        { section: 'predictions', title: 'Delete a prediction', narrow: true },
        view,
      );
    }),
  );

  routes.post(
    '/predictions/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.predictions.remove(context.who(request), idIn(request, 'prediction with this id'));
      goTo(response, '/predictions');
    }),
  );
}

async function readPrediction(request: Request, { context, clock }: PageKit): Promise<PredictionPage> {
  const who = context.who(request);
  const facts = await readPredictionPage(context.database, who.workspaceId, idIn(request, 'prediction with this id'));
  if (!facts) throw notFound('prediction with this id', 'It may have been removed. See the list of predictions.');
  const recipe = facts.model && (await readRecipeOfJob(context.database, who.workspaceId, facts.model.job_id));
  return predictionPage(facts, { clock: await clock(who), owner: who.owner, recipe: recipe ?? undefined });
}
