import type { Request, Response } from 'express';
import { type ImportValues, importOptionsFrom, importPage } from '../../page-models/import-page.ts';
import { type Refused, refusedBy } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';

const names = [
  'format',
  'delimiter',
  'quote',
  'encoding',
  'decimal',
  'thousands',
  'header',
  'sheet',
  'firstRow',
  'badRows',
];
const what = 'dataset with this id';

export function importValues(read: (name: string) => string): ImportValues {
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

/** The same file, read in another way: looked at first, then kept as another version. */
export function datasetImportRoutes(routes: SecuredRoutes, { services, context, show }: PageKit): void {
  const showImport = async (request: Request, response: Response, values: ImportValues, refused: Refused | null) => {
    const who = context.who(request);
    const dataset = await services.datasets.get(who, idIn(request, what));
    const read = importOptionsFrom(values);
    const tried =
      'problem' in read || refused
        ? null
        : await services.looks.tryImport(who, dataset.id, read.options).catch((error: unknown) => {
            const why = refusedBy(error);
            if (!why) throw error;
            return why;
          });
    const isRefused = tried !== null && 'status' in tried;
    const why = refused ?? (isRefused ? tried : null);
    const view = importPage({
      dataset,
      values,
      used: dataset.import,
      tried: isRefused ? null : tried,
      problem:
        'problem' in read
          ? { message: read.problem, whatToDo: null }
          : why && { message: why.message, whatToDo: why.hint ?? null },
    });
    const title = `Read ${dataset.name} in another way`;
    await show(request, response, 'data/import', { section: 'data', title, scripts: ['import-form.js'] }, view);
  };

  // With the options in the address it shows what they would make of the file.
  routes.get(
    '/data/:id/import',
    'upload',
    page((request, response) =>
      showImport(
        request,
        response,
        importValues((name) => queryOf(request, name)),
        null,
      ),
    ),
  );

  routes.post(
    '/data/:id/import',
    'upload',
    page(async (request, response) => {
      const values = importValues((name) => textOf(request, name));
      const read = importOptionsFrom(values);
      if ('problem' in read) {
        response.status(422);
        return showImport(request, response, values, null);
      }
      try {
        const { dataset } = await services.datasets.reimport(context.who(request), idIn(request, what), read.options);
        goTo(response, `/data/${dataset.id}`);
      } catch (error) {
        const refused = refusedBy(error);
        if (!refused || refused.status >= 500) throw error;
        response.status(refused.status);
        await showImport(request, response, values, refused);
      }
    }),
  );
}
