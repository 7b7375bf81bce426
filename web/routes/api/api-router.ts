import type { AppContext } from '../../app-context.ts';
import type { Feed } from '../../live/feed.ts';
import type { Services } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';

export function apiRouter(_services: Services, _feed: Feed, context: AppContext): SecuredRoutes {
  return context.openRoutes();
}
