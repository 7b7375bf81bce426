import { readJobPage } from '../../../db/read-models/job-page.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { notFound, Refused } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';

export function jobActionRoutes(routes: SecuredRoutes, { services, context, show }: PageKit): void {
  routes.post(
    '/jobs/:id/cancel',
    'train',
    page(async (request, response) => {
      const id = idIn(request, 'job with this id');
      await services.jobs.cancel(context.who(request), id);
      goTo(response, `/jobs/${id}`);
    }),
  );

  routes.post(
    '/jobs/:id/stop',
    'train',
    page(async (request, response) => {
      const id = idIn(request, 'job with this id');
      await services.jobs.stop(context.who(request), id);
      goTo(response, `/jobs/${id}`);
    }),
  );

  routes.post(
    '/jobs/:id/extend',
    'train',
    page(async (request, response) => {
      const id = idIn(request, 'job with this id');
      const minutes = Number(textOf(request, 'minutes').replace(',', '.'));
      if (!Number.isFinite(minutes) || minutes <= 0) {
        throw new Refused(422, 'No such time', `“${textOf(request, 'minutes')}” is no number of minutes.`, {
          hint: 'Go back and give the new limit in minutes.',
        });
      }
      await services.jobs.extend(context.who(request), id, { trainingSeconds: Math.round(minutes * 60) });
      goTo(response, `/jobs/${id}`);
    }),
  );

  routes.get(
    '/jobs/:id/delete',
    'remove',
    page(async (request, response) => {
      const who = context.who(request);
      const id = idIn(request, 'job with this id');
      const facts = await readJobPage(context.database, who.workspaceId, id);
      if (!facts) throw notFound('job with this id', 'It may have been deleted already.');
      const withLog = queryOf(request, 'withLog') !== '';
      const removal = await services.jobs.removal(who, id, { withLog });
      const view = deletePage({
        kindWord: 'job',
        name: facts.job.name,
        href: `/jobs/${id}`,
        removal,
        choice: { name: 'withLog', word: 'The log too', hint: 'Otherwise log and cost stay.', isChosen: withLog },
      });
      await show(
        request,
        response,
        'delete',
        { section: 'jobs', title: `Delete ${facts.job.name}`, narrow: true },
        view,
      );
    }),
  );

  routes.post(
    '/jobs/:id/delete',
    'remove',
    page(async (request, response) => {
      const id = idIn(request, 'job with this id');
      await services.jobs.remove(context.who(request), id, { withLog: textOf(request, 'withLog') !== '' });
      goTo(response, '/jobs');
    }),
  );
}
