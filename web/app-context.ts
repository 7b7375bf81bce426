import type { Request } from 'express';
import type { Logger } from 'pino';
import type { SecuredRoutes } from './routes/secured-routes.ts';
import type { Who } from './services/services.ts';

/** Plain values that routes need; settings are read by the composition root only. */
export interface AppSettings {
  version: string;
  timeZone: string;
  uploadLimitMb: number;
  /** Where the Temporal UI answers, for a link beside a job; null when there is none. */
  temporalUiUrl: string | null;
  /** Uploads wait here until they are ingested. */
  tempFolder: string;
  /** Host names beside the loopback ones under which the app may be asked. */
  allowedHosts: string[];
  /** Keeps forms valid over a restart. */
  formSecret: string;
  requestsPerMinute: { reads: number; writes: number };
}

/** What every router gets beside the services. */
export interface AppContext {
  settings: AppSettings;
  log: Logger;
  /** Empty routes on which nothing can be added without a permission. */
  openRoutes(): SecuredRoutes;
  whoOf(request: Request): Who;
}
