import type { Request } from 'express';
import { readDatasetPage } from '../../../db/read-models/data-pages.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { type SweepPage, sweepPage } from '../../page-models/sweeps/sweep-page.ts';
import { sweepsPage } from '../../page-models/sweeps/sweeps-page.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit } from './page-kit.ts';

const what = 'sweep with this id';
const openPageSeconds = 5;
const shownSweeps = 100;

/** Sweeps and each with its trials; how one is made is in new-sweep-routes.ts. */
export function sweepRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, clock, engineTitles, show, showLive } = kit;
  const { sweeps } = services;

  const read = async (request: Request): Promise<SweepPage> => {
    const who = context.who(request);
    const sweep = await sweeps.get(who, idIn(request, what));
    const [engine, facts] = await Promise.all([
      services.engines.get(sweep.engine).catch(() => undefined),
      readDatasetPage(context.database, who.workspaceId, sweep.datasetId),
    ]);
    return sweepPage(sweep, { clock: await clock(who), owner: who.owner, engine, dataset: facts?.dataset });
  };

  routes.get(
    '/sweeps',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const found = await sweeps.list(who, { limit: shownSweeps });
      const view = sweepsPage(found, await clock(who), await engineTitles());
      await show(request, response, 'sweeps/list', { section: 'jobs', title: 'Sweeps' }, view);
    }),
  );

  routes.get(
    '/sweeps/:id',
    'read',
    page(async (request, response) => {
      const view = await read(request);
      const refreshSeconds = view.isOpen ? openPageSeconds : null;
      const choice = { section: 'jobs', title: `${view.chip.word}: ${view.name}`, refreshSeconds } as const;
      await show(request, response, 'sweeps/sweep', { ...choice, scripts: ['sweep-live.js'] }, view);
    }),
  );

  routes.get(
    '/sweeps/:id/live',
    'read',
    page(async (request, response) => {
      await showLive(request, response, 'sweeps/live', await read(request));
    }),
  );

  routes.get(
    '/sweeps/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, what);
      const [{ name }, removal] = await Promise.all([sweeps.get(who, id), sweeps.removal(who, id)]);
      const view = deletePage({ kindWord: 'sweep', name, href: `/sweeps/${id}`, removal });
      await show(request, response, 'delete', { section: 'jobs', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/sweeps/:id/delete',
    'remove',
    page(async (request, response) => {
      await sweeps.remove(context.who(request), idIn(request, what));
      goTo(response, '/sweeps');
    }),
  );

  for (const ask of ['cancel', 'stop'] as const) {
    routes.post(
      `/sweeps/:id/${ask}`,
      'train',
      page(async (request, response) => {
        const id = idIn(request, what);
        await sweeps[ask](context.who(request), id);
        goTo(response, `/sweeps/${id}`);
      }),
    );
  }
}
