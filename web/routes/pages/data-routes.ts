import type { Request, Response } from 'express';
import { readDataPage, readDatasetPage } from '../../../db/read-models/data-pages.ts';
import { dataPage, type UploadProblem, uploadForm } from '../../page-models/data-page.ts';
import { datasetPage } from '../../page-models/dataset-page.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { notFound, refusedBy } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { bringBack } from './bring-back.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';
import { receivedFile } from './received-file.ts';

const rowsShown = 50;

export function dataRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  const showList = async (request: Request, response: Response, refused: UploadProblem | null) => {
    const who = context.who(request);
    const [lines, samples] = await Promise.all([
      readDataPage(context.database, who.workspaceId),
      services.datasets.samples(),
    ]);
    const upload = uploadForm('/data', 'Upload', context.uploads.limitMb, refused);
    const view = dataPage(lines, samples, upload, await clock(who));
    await show(request, response, 'data/list', { section: 'data', title: 'Data', scripts: ['upload.js'] }, view);
  };

  routes.get(
    '/data',
    'read',
    page((request, response) => showList(request, response, null)),
  );

  routes.upload(
    '/data',
    'upload',
    page(async (request, response) => {
      const dataset = await services.datasets.upload(context.who(request), receivedFile(request));
      goTo(response, `/data/${dataset.id}`);
    }),
  );

  bringBack(routes, '/data', showList);

  routes.post(
    '/data/samples',
    'upload',
    page(async (request, response) => {
      const dataset = await services.datasets.addSample(context.who(request), textOf(request, 'sample'));
      goTo(response, `/jobs/new?dataset=${dataset.id}`);
    }),
  );

  routes.get(
    '/data/:id',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, 'dataset with this id');
      const facts = await readDatasetPage(context.database, who.workspaceId, id);
      if (!facts) throw notFound('dataset with this id', 'It may have been removed. See the list of data.');
      const isRandom = queryOf(request, 'rows') === 'random';
      const preview = await services.datasets
        .preview(who, id, { limit: rowsShown, random: isRandom })
        .then((rows) => ({ rows, problem: null, isRandom }))
        .catch((error: unknown) => {
          // The profile is worth reading also when the rows cannot be had now.
          const refused = refusedBy(error);
          if (!refused) context.log.error({ err: error, dataset: id }, 'the rows of a dataset cannot be read');
          const why = refused?.message ?? 'The stored file cannot be read; the log of the web process says why.';
          return { rows: null, problem: `The rows cannot be shown now. ${why}`, isRandom };
        });
      const view = datasetPage(facts, preview, await clock(who));
      await show(request, response, 'data/dataset', { section: 'data', title: view.name }, view);
    }),
  );

  routes.get(
    '/data/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, 'dataset with this id');
      const facts = await readDatasetPage(context.database, who.workspaceId, id);
      if (!facts) throw notFound('dataset with this id', 'It may have been removed already.');
      const { name } = facts.dataset;
      const removal = await services.datasets.removal(who, id);
      const view = deletePage({ kindWord: 'dataset', name, href: `/data/${id}`, removal });
      await show(request, response, 'delete', { section: 'data', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/data/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.datasets.remove(context.who(request), idIn(request, 'dataset with this id'));
      goTo(response, '/data');
    }),
  );
}
