import type { Request, Response } from 'express';
import { readDataPage } from '../../../db/read-models/data-pages.ts';
import { type DataPage, dataPage, type UploadProblem, uploadForm } from '../../page-models/data-page.ts';
import { uploadPage } from '../../page-models/upload-page.ts';
import { importOptionsFrom } from '../../page-models/import-page.ts';
import { Refused } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { bringBack } from './bring-back.ts';
import { importValues } from './dataset-import-routes.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';
import { takeFile } from './take-file.ts';

export function dataRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  const showList = async (
    request: Request,
    response: Response,
    refused: UploadProblem | null,
    fetching: DataPage['fetching'] = { url: '', problem: null },
  ) => {
    const who = context.who(request);
    const [lines, samples] = await Promise.all([
      readDataPage(context.database, who.workspaceId),
      services.datasets.samples(),
    ]);
    const upload = uploadForm('/data', 'Upload', context.uploads.limitMb, refused);
    const open = (await services.preparations.list(who, { limit: 50 })).items;
    const view = dataPage(
      lines,
      { samples, upload, preparations: open, mayFetch: context.settings.urlImports ?? false, fetching },
      await clock(who),
    );
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
      const taken = await takeFile(services.uploads, context.who(request), request);
      goTo(response, 'datasetId' in taken ? `/data/${taken.datasetId}` : `/data/uploads/${taken.uploadId}`);
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

  /** A file that is on its way in: from an address, or one that was refused and can be read in another way. */
  routes.get(
    '/data/uploads/:id',
    'upload',
    page(async (request, response) => {
      const upload = await services.uploads.get(context.who(request), idIn(request, 'upload with this id'));
      if (upload.datasetId !== null) return goTo(response, `/data/${upload.datasetId}`);
      const isOpen = upload.state !== 'refused';
      const view = uploadPage(
        upload,
        importValues((name) => queryOf(request, name)),
      );
      const title = isOpen ? `Receiving ${upload.name}` : `Refused: ${upload.name}`;
      const refreshSeconds = isOpen ? 2 : null;
      await show(
        request,
        response,
        'data/upload',
        { section: 'data', title, refreshSeconds, scripts: ['upload-live.js'] },
        view,
      );
    }),
  );

  routes.post(
    '/data/uploads/:id/read',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, 'upload with this id');
      const read = importOptionsFrom(importValues((name) => textOf(request, name)));
      if ('problem' in read)
        throw new Refused(422, 'It cannot be read so', read.problem, { hint: 'Go back and choose again.' });
      await services.uploads.readAgain(context.who(request), id, { options: read.options });
      goTo(response, `/data/uploads/${id}`);
    }),
  );

  routes.post(
    '/data/from-url',
    'upload',
    page(async (request, response) => {
      const { upload } = await services.uploads.fromUrl(context.who(request), { url: textOf(request, 'url') });
      goTo(response, `/data/uploads/${upload.id}`);
    }),
  );

  bringBack(routes, '/data/from-url', (request, response, { message, hint }) =>
    showList(request, response, null, {
      url: textOf(request, 'url'),
      problem: [message, ...(hint === undefined ? [] : [hint])].join(' '),
    }),
  );
}
