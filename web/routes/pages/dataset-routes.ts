import type { Request } from 'express';
import { readDatasetPage } from '../../../db/read-models/data-pages.ts';
import { importUsedSchema } from '../../../domain/import-options.ts';
import { datasetPage } from '../../page-models/dataset-page.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { lookPage } from '../../page-models/look-page.ts';
import { notFound, refusedBy } from '../../services/refused.ts';
import type { DatasetFormat, Who } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { sendDownload } from '../send-download.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';

const rowsShown = 50;
const rejectedShown = 20;
const what = 'dataset with this id';
const formats: DatasetFormat[] = ['parquet', 'csv', 'original'];

/** One dataset: its columns and rows, where it comes from, what goes together in it. */
export function datasetRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, show } = kit;

  const find = async (request: Request, who: Who) => {
    const facts = await readDatasetPage(context.database, who.workspaceId, idIn(request, what));
    if (!facts) throw notFound(what, 'It may have been removed. See the list of data.');
    return facts;
  };

  /** The page is worth reading also when a part of it cannot be had now. */
  const orProblem = async <T>(id: string, ask: Promise<T>): Promise<{ found: T | null; problem: string | null }> =>
    ask
      .then((found) => ({ found, problem: null }))
      .catch((error: unknown) => {
        const refused = refusedBy(error);
        if (!refused) context.log.error({ err: error, dataset: id }, 'a dataset cannot be looked at');
        return {
          found: null,
          problem: refused?.message ?? 'The stored file cannot be read; the log of the web process says why.',
        };
      });

  routes.get(
    '/data/:id',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const facts = await find(request, who);
      const { id, import_json: importJson } = facts.dataset;
      const isRandom = queryOf(request, 'rows') === 'random';
      const [detail, history, recipes, { found: rows, problem }] = await Promise.all([
        services.datasets.get(who, id),
        services.datasets.history(who, id),
        services.recipes.list(who, { datasetId: id, limit: 20 }),
        orProblem(id, services.datasets.preview(who, id, { limit: rowsShown, random: isRandom })),
      ]);
      const rejected =
        detail.rejectedRows > 0
          ? (await orProblem(id, services.datasets.rejected(who, id, { limit: rejectedShown }))).found
          : null;
      const used = importJson === null ? null : (importUsedSchema.safeParse(JSON.parse(importJson)).data ?? null);
      const view = datasetPage(
        facts,
        { rows, problem: problem && `The rows cannot be shown now. ${problem}`, isRandom },
        { history, rejected, recipes: recipes.items, used },
        await clock(who),
      );
      await show(request, response, 'data/dataset', { section: 'data', title: view.name }, view);
    }),
  );

  routes.get(
    '/data/:id/image',
    'read',
    page(async (request, response) => {
      const row = Number(queryOf(request, 'row'));
      if (!Number.isSafeInteger(row)) throw notFound('row of this dataset');
      const cell = { column: queryOf(request, 'column'), row };
      const { contentType, bytes } = await services.datasets.image(context.who(request), idIn(request, what), cell);
      // Somebody else's bytes: shown as an image or not at all. A dataset never changes, so it is asked for once.
      response
        .set('X-Content-Type-Options', 'nosniff')
        .set('Content-Security-Policy', "default-src 'none'; sandbox")
        .set('Cache-Control', 'private, max-age=86400, immutable')
        .type(contentType)
        .send(bytes);
    }),
  );

  for (const format of formats) {
    routes.get(
      `/data/:id/file.${format}`,
      'read',
      page(async (request, response) => {
        await sendDownload(
          request,
          response,
          await services.datasets.download(context.who(request), idIn(request, what), format),
        );
      }),
    );
  }

  routes.get(
    '/data/:id/look',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const { dataset } = await find(request, who);
      const { columns } = await services.datasets.get(who, dataset.id);
      const names = columns.map(({ name }) => name);
      const known = (name: string) => (names.includes(queryOf(request, name)) ? queryOf(request, name) : '');
      const guessed = await services.datasets.guess(who, dataset.id).catch(() => null);
      const label = known('label') || guessed?.label || '';
      const [x, y] = [known('x'), known('y')];
      const [closer, against, relation] = await Promise.all([
        orProblem(dataset.id, services.looks.closer(who, dataset.id)),
        label === '' ? null : orProblem(dataset.id, services.looks.againstLabel(who, dataset.id, label)),
        x === '' || y === '' || x === y ? null : orProblem(dataset.id, services.looks.relation(who, dataset.id, x, y)),
      ]);
      const view = lookPage({
        dataset,
        columns: names,
        ...{ x, y, label },
        closer: closer.found,
        against: against?.found ?? null,
        relation: relation?.found ?? null,
        problem: closer.problem ?? against?.problem ?? relation?.problem ?? null,
      });
      await show(request, response, 'data/look', { section: 'data', title: `A closer look at ${dataset.name}` }, view);
    }),
  );

  routes.post(
    '/data/:id/rename',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, what);
      const name = textOf(request, 'name').trim();
      if (name !== '') await services.datasets.rename(context.who(request), id, name);
      goTo(response, `/data/${id}`);
    }),
  );

  routes.get(
    '/data/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const { dataset } = await find(request, who);
      const { id, name } = dataset;
      const removal = await services.datasets.removal(who, id);
      const view = deletePage({ kindWord: 'dataset', name, href: `/data/${id}`, removal });
      await show(request, response, 'delete', { section: 'data', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/data/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.datasets.remove(context.who(request), idIn(request, what));
      goTo(response, '/data');
    }),
  );
}
