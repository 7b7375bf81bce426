import type { Request } from 'express';
import { deletePage } from '../../page-models/delete-page.ts';
import { type PreparationPage, preparationPage } from '../../page-models/recipes/preparation-page.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit } from './page-kit.ts';

const openPageSeconds = 3;
const what = 'preparation with this id';

/** A recipe carried out on all rows: how far it is, and what it made. */
export function preparationRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, show, showLive } = kit;

  const read = async (request: Request): Promise<PreparationPage> => {
    const who = context.who(request);
    const id = idIn(request, what);
    const run = await services.preparations.get(who, id);
    // Looking at its end is what takes the badge away.
    if (run.phase === 'done' && run.seenAtMs === null) await services.preparations.markSeen(who, id);
    return preparationPage(run, await kit.clock(who));
  };

  routes.get(
    '/preparations/:id',
    'read',
    page(async (request, response) => {
      const view = await read(request);
      await show(
        request,
        response,
        'preparations/preparation',
        {
          section: 'data',
          title: `${view.chip.word}: ${view.name}`,
          scripts: ['preparation-live.js'],
          refreshSeconds: view.isOpen ? openPageSeconds : null,
        },
        view,
      );
    }),
  );

  routes.get(
    '/preparations/:id/live',
    'read',
    page(async (request, response) => {
      await showLive(request, response, 'preparations/live', await read(request));
    }),
  );

  routes.post(
    '/preparations/:id/cancel',
    'upload',
    page(async (request, response) => {
      const id = idIn(request, what);
      await services.preparations.cancel(context.who(request), id);
      goTo(response, `/preparations/${id}`);
    }),
  );

  routes.get(
    '/preparations/:id/delete',
    'remove',
    page(async (request, response) => {
      const { name, href, id } = await read(request);
      const removal = await services.preparations.removal(context.who(request), id);
      const view = deletePage({ kindWord: 'preparation', name, href, removal });
      await show(request, response, 'delete', { section: 'data', title: `Delete ${name}`, narrow: true }, view);
    }),
  );

  routes.post(
    '/preparations/:id/delete',
    'remove',
    page(async (request, response) => {
      await services.preparations.remove(context.who(request), idIn(request, what));
      goTo(response, '/recipes');
    }),
  );
}
