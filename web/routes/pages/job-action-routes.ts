import type { Request } from 'express';
import { readJobPage } from '../../../db/read-models/job-page.ts';
import { deletePage } from '../../page-models/delete-page.ts';
import { notFound, Refused, refusedBy } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { showJob } from './job-routes.ts';
import { goTo, idIn, page, type PageKit, queryOf, textOf } from './page-kit.ts';

export function jobActionRoutes(routes: SecuredRoutes, kit: PageKit): void {
  const { services, context, show } = kit;
  const { jobs } = services;

  asking('cancel', (request, id) => jobs.cancel(context.who(request), id));
  asking('stop', (request, id) => jobs.stop(context.who(request), id));
  asking('extend', async (request, id) => {
    const given = textOf(request, 'minutes');
    const minutes = Number(given.replace(',', '.'));
    if (!Number.isFinite(minutes) || minutes <= 0) {
      throw new Refused(422, 'No such time', `“${given}” is no number of minutes.`, {
        hint: 'Give the new limit in minutes.',
      });
    }
    await jobs.extend(context.who(request), id, { trainingSeconds: Math.round(minutes * 60) });
  });

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

  /** What is asked of a job ends on its page: with what came of it, or with the reason why not. */
  function asking(what: string, ask: (request: Request, id: string) => Promise<unknown>): void {
    routes.post(
      `/jobs/:id/${what}`,
      'train',
      page(async (request, response) => {
        const id = idIn(request, 'job with this id');
        try {
          await ask(request, id);
        } catch (error) {
          const refused = refusedBy(error);
          if (!refused || refused.status >= 500 || refused.status === 404) throw error;
          response.status(refused.status);
          return showJob(kit, request, response, { message: firstOf(refused), hint: refused.hint });
        }
        goTo(response, `/jobs/${id}`);
      }),
    );
  }
}

/** A field that does not fit says more than that something does not. */
function firstOf({ message, problems }: Refused): string {
  return problems[0]?.message ?? message;
}
