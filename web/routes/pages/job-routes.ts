import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { readJobPage } from '../../../db/read-models/job-page.ts';
import { readRecipeOfJob } from '../../../db/read-models/recipe-lines.ts';
import { isStuck } from '../../../domain/stuck.ts';
import { type JobPage, jobPage } from '../../page-models/job-page.ts';
import { logLinesPerPage } from '../../page-models/log-card.ts';
import { notFound, type Refused } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { idIn, page, type PageKit } from './page-kit.ts';

const openPageSeconds = 10;

export function jobRoutes(routes: SecuredRoutes, kit: PageKit): void {
  routes.get(
    '/jobs/:id',
    'read',
    page((request, response) => showJob(kit, request, response, null)),
  );

  // The parts of the page that change, for a script to put into place.
  routes.get(
    '/jobs/:id/live',
    'read',
    page(async (request, response) => {
      const view = await readJob(request, kit, 0);
      await kit.showLive(request, response, 'jobs/live', view);
    }),
  );
}

/** The page of a job; with the reason where something was asked of it and refused. */
export async function showJob(
  kit: PageKit,
  request: Request,
  response: Response,
  refused: Pick<Refused, 'message' | 'hint'> | null,
): Promise<void> {
  const view = await readJob(request, kit, logLinesPerPage);
  await kit.show(
    request,
    response,
    'jobs/job',
    {
      section: 'jobs',
      title: `${view.chip.word}: ${view.name}`,
      styles: ['vendor/uplot/uPlot.min.css'],
      vendor: ['vendor/uplot/uPlot.iife.min.js'],
      scripts: ['job-live.js'],
      // What a form was answered with cannot be asked for again.
      refreshSeconds: view.isOpen && refused === null ? openPageSeconds : null,
    },
    { ...view, refused },
  );
}

async function readJob(request: Request, { services, context, clock }: PageKit, logLines: number): Promise<JobPage> {
  const who = context.who(request);
  const id = idIn(request, 'job with this id');
  const facts = await readJobPage(context.database, who.workspaceId, id);
  if (!facts) throw notFound('job with this id', 'It may have been deleted. See the list of jobs.');
  const holder = { kind: 'job', id } as const;
  const hasStuck = facts.resources.some((row) => row.state !== 'gone' && isStuck(row, Date.now()));
  const [engine, recipe, count, lines] = await Promise.all([
    services.engines.get(facts.job.engine).catch(() => undefined),
    readRecipeOfJob(context.database, who.workspaceId, id),
    services.log.count(who, holder),
    logLines > 0 ? services.log.tail(who, holder, logLines) : [],
  ]);
  return jobPage(
    facts,
    { lines, count },
    {
      clock: await clock(who),
      owner: who.owner,
      temporalUiUrl: context.settings.temporalUiUrl,
      listings: hasStuck ? await context.cloudListings() : [],
      loginCommand: (cloud, machine) => services.machines.loginCommand(cloud, machine),
      nextSweepId: randomUUID(),
      recipe,
      engine,
    },
  );
}
