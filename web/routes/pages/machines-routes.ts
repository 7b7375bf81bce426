import { readMachinesPage } from '../../../db/read-models/machines-page.ts';
import { machinesPage } from '../../page-models/machines-page.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { page, type PageKit } from './page-kit.ts';

export function machinesRoutes(routes: SecuredRoutes, { context, services, clock, show }: PageKit): void {
  routes.get(
    '/machines',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const [facts, listings, orphans, workspace, storage] = await Promise.all([
        readMachinesPage(context.database, who.workspaceId),
        context.cloudListings(),
        services.machines.orphans(),
        services.machines.workspace(who.workspaceId),
        services.storage.look(),
      ]);
      const view = machinesPage(facts, { listings, orphans, workspace }, storage, await clock(who));
      const refreshSeconds = view.standing.length > 0 ? 10 : null;
      await show(request, response, 'machines/list', { section: 'machines', title: 'Machines', refreshSeconds }, view);
    }),
  );
}
