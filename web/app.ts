import { join } from 'node:path';
import cookieParser from 'cookie-parser';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { AppContext, AppSettings } from './app-context.ts';
import type { Feed } from './live/feed.ts';
import { answerErrors, nothingHere } from './middleware/errors.ts';
import { formTokens } from './middleware/form-token.ts';
import { knownHost, notFromAForm, ownOrigin } from './middleware/known-host.ts';
import { openMetrics } from './middleware/metrics.ts';
import { rateLimits } from './middleware/rate-limits.ts';
import { receiveFile } from './middleware/receive-file.ts';
import { requestLog } from './middleware/request-log.ts';
import { apiRouter } from './routes/api/api-router.ts';
import { docsRouter } from './routes/api/docs-router.ts';
import { healthRouter } from './routes/api/health-router.ts';
import { pageRouter } from './routes/pages/page-router.ts';
import { type Permission, refuseOtherMethods, securedRoutes } from './routes/secured-routes.ts';
import { notFound } from './services/refused.ts';
import type { Services, Who } from './services/services.ts';
import { asset, staticFiles } from './static-files.ts';

export interface AppOptions {
  services: Services;
  feed: Feed;
  database: Database;
  settings: AppSettings;
  log: Logger;
  /** The one local person, until there are accounts. */
  who: Who;
}

/** The whole web application, without a port: pages and the JSON API over the same services. */
export function createApp({ services, feed, database, settings, log, who }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('views', join(import.meta.dirname, 'views'));
  app.set('view engine', 'ejs');
  app.set('query parser', 'simple');
  Object.assign(app.locals, { asset, version: settings.version, temporalUiUrl: settings.temporalUiUrl });

  const tokens = formTokens(settings.formSecret);
  const receive = receiveFile(settings);
  const allow = permissionCheck(who);
  const context: Omit<AppContext, 'openRoutes'> = {
    settings,
    log,
    database,
    who: () => who,
    csrfToken: tokens.tokenFor,
    engines: () => services.engines.list(),
    machineTypes: () => services.machines.types(),
    places: () => services.machines.places(),
    cloudListings: () => services.machines.listings(),
    uploads: { folder: settings.tempFolder, limitMb: settings.uploadLimitMb },
  };

  const metrics = openMetrics({ database, places: () => services.machines.places() });
  app.use(
    requestLog(log),
    metrics.measure,
    securityHeaders,
    knownHost(settings.allowedHosts),
    ownOrigin(settings.allowedHosts),
  );
  app.use(staticFiles());

  const health = healthRouter(services, metrics, { ...context, openRoutes: () => securedRoutes({ allow }) });
  refuseOtherMethods(health);
  app.use(health.router);

  app.use(rateLimits(settings.requestsPerMinute));

  // The API takes no form token: see notFromAForm.
  const api = apiRouter(services, feed, {
    ...context,
    openRoutes: () => securedRoutes({ allow, beforeFile: [receive] }),
  });
  refuseOtherMethods(api);
  const docs = docsRouter(api.operations, { ...context, openRoutes: () => securedRoutes({ allow }) });
  refuseOtherMethods(docs);
  app.use(docs.router);
  app.use('/api/v1', revalidated, notFromAForm, express.json({ limit: '1mb', strict: true }), api.router);
  app.use('/api', (request) => {
    throw notFound(`“${request.originalUrl.split('?', 1)[0]}”`, 'All of the API is described at /api/docs.');
  });

  app.use(cookieParser(), express.urlencoded({ extended: false, limit: '256kb', parameterLimit: 2000 }));
  app.use(tokens.offer);
  const pages = pageRouter(services, {
    ...context,
    openRoutes: () => securedRoutes({ allow, beforeFile: [receive], beforePost: [tokens.demand] }),
  });
  refuseOtherMethods(pages);
  app.use(revalidated, pages.router);

  app.locals.declaredRoutes = [health, docs, api, pages].flatMap(({ declared }) => declared);
  app.use(nothingHere);
  app.use(answerErrors(log));
  return app;
}

const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'self'"],
    },
  },
  // Plain http on loopback; whoever puts TLS before it sets this there.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'same-origin' },
});

/** What the database says now is not what it says a second later; static files have a caching of their own. */
const revalidated: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-cache');
  next();
};

/** One local person may do everything; accounts will answer here, and nowhere else. */
function permissionCheck(who: Who): (permission: Permission) => RequestHandler {
  return (permission) => (_request, response, next) => {
    response.locals.permission = permission;
    response.locals.who = who;
    next();
  };
}
