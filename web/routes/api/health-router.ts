import type { AppContext } from '../../app-context.ts';
import type { Metrics } from '../../middleware/metrics.ts';
import type { Services } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';

/** `/healthz`: this process answers. `/readyz`: so does all that it needs. `/metrics`: how much there is to do. */
export function healthRouter(services: Services, metrics: Metrics, context: AppContext): SecuredRoutes {
  const routes = context.openRoutes();
  routes.get('/healthz', 'public', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ ok: true, version: context.settings.version });
  });
  routes.get('/readyz', 'public', async (_request, response) => {
    const { ready, checks } = await services.health.ready();
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready, checks });
  });
  routes.get('/metrics', 'read', async (_request, response) => {
    response
      .set('Cache-Control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text());
  });
  return routes;
}
