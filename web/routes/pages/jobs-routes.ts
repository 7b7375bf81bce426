import { readJobsPage } from '../../../db/read-models/jobs-page.ts';
import { jobsPage, jobsQuery } from '../../page-models/jobs-page.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { page, type PageKit, queryOf } from './page-kit.ts';

export function jobsRoutes(routes: SecuredRoutes, { context, clock, engineTitles, show }: PageKit): void {
  routes.get(
    '/jobs',
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const query = jobsQuery((name) => queryOf(request, name));
      const facts = await readJobsPage(context.database, who.workspaceId, query);
      const view = jobsPage(facts, query, await clock(who), await engineTitles());
      await show(request, response, 'jobs/list', { section: 'jobs', title: 'Jobs' }, view);
    }),
  );
}
