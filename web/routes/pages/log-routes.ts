import { readJobPage } from '../../../db/read-models/job-page.ts';
import { readPredictionPage } from '../../../db/read-models/prediction-pages.ts';
import type { Holder, HolderKind } from '../../../domain/ids.ts';
import { logLinesPerPage, logPage } from '../../page-models/log-card.ts';
import { notFound } from '../../services/refused.ts';
import type { Who } from '../../services/services.ts';
import { sendDownload } from '../send-download.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { idIn, page, type PageKit, queryOf } from './page-kit.ts';

const matchesShown = 200;

/** The whole log of a job or a prediction: by pages, searched on the server, and raw. */
export function logRoutes(routes: SecuredRoutes, kit: PageKit): void {
  for (const kind of ['job', 'prediction'] as const) addLog(routes, kit, kind);
}

function addLog(routes: SecuredRoutes, { services, context, clock, show }: PageKit, kind: HolderKind): void {
  const nameOf = async (who: Who, { id }: Holder): Promise<string> => {
    if (kind === 'job') {
      const facts = await readJobPage(context.database, who.workspaceId, id);
      if (facts) return facts.job.name;
    } else {
      const facts = await readPredictionPage(context.database, who.workspaceId, id);
      if (facts) return facts.model ? `prediction by ${facts.model.name}` : 'prediction';
    }
    throw notFound(`${kind} with this id`);
  };

  routes.get(
    `/${kind}s/:id/log`,
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const holder = { kind, id: idIn(request, `${kind} with this id`) };
      const name = await nameOf(who, holder);
      const from = Number(queryOf(request, 'from'));
      const text = queryOf(request, 'q').slice(0, 200);
      const [count, lines, found] = await Promise.all([
        services.log.count(who, holder),
        Number.isInteger(from) && from > 0
          ? services.log.range(who, holder, from, logLinesPerPage)
          : services.log.tail(who, holder, logLinesPerPage),
        text === '' ? null : services.log.search(who, holder, { text, limit: matchesShown }),
      ]);
      const view = logPage(
        {
          name,
          backHref: `/${kind}s/${holder.id}`,
          lines,
          count,
          search: found && { text, total: found.total, matches: found.matches },
        },
        await clock(who),
      );
      const section = kind === 'job' ? 'jobs' : 'predictions';
      await show(request, response, 'log', { section, title: `Log of ${name}` }, view);
    }),
  );

  routes.get(
    `/${kind}s/:id/log/raw`,
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const holder = { kind, id: idIn(request, `${kind} with this id`) };
      await sendDownload(request, response, await services.log.raw(who, holder));
    }),
  );

  // Lines before a line, as JSON, for a reader who scrolls up.
  routes.get(
    `/${kind}s/:id/log/before`,
    'read',
    page(async (request, response) => {
      const who = context.who(request);
      const holder = { kind, id: idIn(request, `${kind} with this id`) };
      const line = Number(queryOf(request, 'line'));
      const lines =
        Number.isInteger(line) && line > 1 ? await services.log.before(who, holder, line, logLinesPerPage) : [];
      response.json({ lines });
    }),
  );
}
