import { readYardPage } from '../../../db/read-models/yard-page.ts';
import { yardPage } from '../../page-models/yard-page.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { page, type PageKit } from './page-kit.ts';

export function yardRoutes(routes: SecuredRoutes, { services, context, clock, engineTitles, show }: PageKit): void {
  routes.get(
    '/',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const now = await clock(who);
      const facts = await readYardPage(context.database, who.workspaceId, now.nowMs);
      const isEmpty = facts.datasets === 0 && facts.jobs === 0;
      const view = yardPage(facts, {
        clock: now,
        engines: await engineTitles(),
        places: await context.places(),
        samples: isEmpty ? await services.datasets.samples() : [],
        // The clouds are asked only when something is wrong: for the command that mends it.
        listings: facts.stuck.length > 0 ? await context.cloudListings() : [],
      });
      const refreshSeconds = facts.open.length > 0 ? 10 : null;
      await show(request, response, 'home', { section: 'yard', title: 'Yard', refreshSeconds }, view);
    }),
  );
}
