import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { readDataPage } from '../../../db/read-models/data-pages.ts';
import { readModelPage } from '../../../db/read-models/model-pages.ts';
import { idSchema } from '../../../domain/ids.ts';
import type { Allow } from '../../../domain/prediction-spec.ts';
import { uploadForm } from '../../page-models/data-page.ts';
import { budgetFrom, predictPage } from '../../page-models/predict-page.ts';
import { notFound, Refused } from '../../services/refused.ts';
import type { PredictionAccepted, Rejected } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { bringBack } from './bring-back.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';
import { receivedFile } from './received-file.ts';

/** Predict on a new file, or on data that is here already. */
export function predictRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  const showForm = async (
    request: Request,
    response: Response,
    { file = null, dataset = null }: { file?: Refused | null; dataset?: Refused | null } = {},
  ) => {
    const who = context.who(request);
    const facts = await readModelPage(context.database, who.workspaceId, idIn(request, 'model with this id'));
    if (!facts) throw notFound('model with this id', 'It may have been removed. See the list of models.');
    const path = `/models/${facts.model.id}/predict`;
    const view = predictPage(facts, {
      id: idSchema.safeParse(textOf(request, 'id')).data ?? randomUUID(),
      datasets: await readDataPage(context.database, who.workspaceId),
      chosen: textOf(request, 'datasetId') || queryOf(request, 'dataset'),
      upload: uploadForm(`${path}/upload`, 'Upload and predict', context.uploads.limitMb, file, randomUUID()),
      allow: allowIn(request),
      money: await services.predictions.money(who, facts.model.id),
      budget: request.method === 'POST' ? textOf(request, 'budget') : undefined,
      problem: dataset && {
        title: dataset.title,
        message: dataset.message,
        whatToDo: dataset.hint ?? 'Choose other data.',
      },
      clock: await clock(who),
    });
    const title = `Predict with ${view.name}`;
    await show(request, response, 'predictions/new', { section: 'models', title, scripts: ['upload.js'] }, view);
  };

  const goOn = (response: Response, answer: PredictionAccepted | Rejected) => {
    if ('problems' in answer) {
      const message = answer.problems.map((problem) => problem.message).join(' ');
      const [field] = answer.problems.map((problem) => problem.field);
      if (field === 'limits.budgetMicros')
        throw new Refused(422, 'It needs a cap', message, { hint: 'Fill in a cap.' });
      if (field === 'machine') throw new Refused(422, 'There is no machine for it', message);
      throw new Refused(422, 'This data does not fit', message, { hint: 'Mend the data, or choose other data.' });
    }
    goTo(response, `/predictions/${answer.prediction.id}`);
  };

  routes.get(
    '/models/:id/predict',
    'predict',
    page((request, response) => showForm(request, response)),
  );

  routes.post(
    '/models/:id/predict',
    'predict',
    page(async (request, response) => {
      const datasetId = textOf(request, 'datasetId');
      if (datasetId === '') {
        throw new Refused(422, 'No data', 'No data was chosen.', { hint: 'Choose data, or upload a file.' });
      }
      const id = idSchema.safeParse(textOf(request, 'id')).data ?? randomUUID();
      const modelId = idIn(request, 'model with this id');
      goOn(
        response,
        await services.predictions.accept(context.who(request), {
          ...{ id, modelId, datasetId, allow: allowIn(request) },
          limits: { budgetMicros: budgetIn(request) },
        }),
      );
    }),
  );

  routes.upload(
    '/models/:id/predict/upload',
    'predict',
    page(async (request, response) => {
      const modelId = idIn(request, 'model with this id');
      const file = receivedFile(request);
      // A file that does not fit the model is not kept either.
      const id = idSchema.safeParse(textOf(request, 'id')).data ?? randomUUID();
      goOn(
        response,
        await services.predictions.acceptUpload(context.who(request), modelId, file, {
          ...{ id, allow: allowIn(request), budgetMicros: budgetIn(request) },
        }),
      );
    }),
  );

  bringBack(routes, '/models/:id/predict', (request, response, dataset) => showForm(request, response, { dataset }));
  bringBack(routes, '/models/:id/predict/upload', (request, response, file) => showForm(request, response, { file }));
}

/** A box that is not ticked is sent as nothing, so a hidden “no” goes before it; where neither came, nothing was asked. */
function allowIn(request: Request): Allow {
  return { extraColumns: textOf(request, 'extraColumns') !== 'no', castTypes: textOf(request, 'castTypes') !== 'no' };
}

function budgetIn(request: Request): number | null {
  const given = textOf(request, 'budget');
  const budget = budgetFrom(given);
  if (budget !== undefined) return budget;
  throw new Refused(422, 'It needs a cap', `The cap is an amount above $0; “${given}” is none.`, {
    hint: 'Write it as 2.50.',
  });
}
