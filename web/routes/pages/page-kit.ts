import type { Request, RequestHandler, Response } from 'express';
import { readFrameFacts } from '../../../db/read-models/frame-facts.ts';
import { idSchema } from '../../../domain/ids.ts';
import type { AppContext } from '../../app-context.ts';
import { type Clock, clockAt } from '../../page-models/clock.ts';
import { type FrameChoice, frameOf, machinesLine } from '../../page-models/frame.ts';
import type { EngineTitles } from '../../page-models/work-line.ts';
import { notFound } from '../../services/refused.ts';
import type { Services, Who } from '../../services/services.ts';

/** What every route of a page has at hand. */
export interface PageKit {
  services: Services;
  context: AppContext;
  clock(who: Who): Promise<Clock>;
  /** Empty while the engines cannot be asked: their names then stand for them. */
  engineTitles(): Promise<EngineTitles>;
  /** Renders one view in its frame. Templates see `frame` and `page`. */
  show(request: Request, response: Response, view: string, choice: FrameChoice, page: object): Promise<void>;
  /** The parts of an open page that change, and the line of machines above it. */
  showLive(request: Request, response: Response, view: string, page: object): Promise<void>;
}

export function pageKit(services: Services, context: AppContext): PageKit {
  return {
    services,
    context,
    async clock(who) {
      const { timeZone } = await readFrameFacts(context.database, who.workspaceId);
      return clockAt(Date.now(), timeZone);
    },
    async engineTitles() {
      const engines = await context.engines().catch(() => []);
      return new Map(engines.map(({ name, title }) => [name, title]));
    },
    async show(request, response, view, choice, shown) {
      const facts = await readFrameFacts(context.database, context.who(request).workspaceId);
      response.render(view, { frame: frameOf(choice, facts), page: shown });
    },
    async showLive(request, response, view, shown) {
      const { machines } = await readFrameFacts(context.database, context.who(request).workspaceId);
      response.render(view, { machines: machinesLine(machines), page: shown });
    },
  };
}

/** The id in the address; what is no id is not here either. */
export function idIn(request: Request, what: string): string {
  const parsed = idSchema.safeParse(request.params['id']);
  if (!parsed.success) throw notFound(what);
  return parsed.data;
}

/** The fields of a form as plain text, the last one where a name comes twice. */
export function textOf(request: Request, field: string): string {
  const value: unknown = (request.body as Record<string, unknown> | undefined)?.[field];
  if (Array.isArray(value)) return String(value.at(-1) ?? '');
  return typeof value === 'string' ? value : '';
}

export function queryOf(request: Request, field: string): string {
  const value = request.query[field];
  return typeof value === 'string' ? value : '';
}

/** After a POST the browser is sent to a page that may be loaded again. */
export function goTo(response: Response, address: string): void {
  response.redirect(303, address);
}

export type PageHandler = (request: Request, response: Response) => Promise<void>;

export function page(handler: PageHandler): RequestHandler {
  return (request, response, next) => {
    handler(request, response).catch(next);
  };
}
