import type { AppContext } from '../../app-context.ts';
import type { Services } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';

export function pageRouter(_services: Services, context: AppContext): SecuredRoutes {
  return context.openRoutes();
}
