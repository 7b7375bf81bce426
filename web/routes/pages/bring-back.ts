import type { ErrorRequestHandler, Request, Response } from 'express';
import { type Refused, refusedBy } from '../../services/refused.ts';
import type { SecuredRoutes } from '../secured-routes.ts';

/**
 * A form that is refused comes back with the reason: also for a file that is too large to be received at all, which
 * no handler of the route ever sees. What is ours to mend (500 and up) and a stale form go on to the error page.
 */
export function bringBack(
  routes: SecuredRoutes,
  path: string,
  show: (request: Request, response: Response, refused: Refused) => Promise<void>,
): void {
  const handler: ErrorRequestHandler = (error: unknown, request, response, next) => {
    const refused = refusedBy(error);
    // Express takes no error to a route, only to what is mounted; mounted it also sees what lies below its path.
    const isHere = request.method === 'POST' && request.path === '/';
    if (!isHere || !refused || refused.status >= 500 || refused.status === 403 || refused.status === 404)
      return next(error);
    response.status(refused.status);
    show(request, response, refused).catch(next);
  };
  routes.router.use(path, handler);
}
