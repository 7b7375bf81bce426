import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { Engine } from '../domain/engine.ts';
import type { MachineType } from '../infra/cloud.ts';
import type { SecuredRoutes } from './routes/secured-routes.ts';
import type { CloudListing } from './services/machine-service.ts';
import type { Who } from './services/services.ts';

/** Plain values that routes need; settings are read by the composition root only. */
export interface AppSettings {
  version: string;
  uploadLimitMb: number;
  /** Whether files may be fetched from addresses. */
  urlImports?: boolean;
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
  /** For the read models of pages. */
  database: Database;
  /** Empty routes on which nothing can be added without a permission. The only way to add one. */
  openRoutes(): SecuredRoutes;
  who(request: Request): Who;
  /** For a form's hidden field `_csrf`; also `locals.csrfToken`. Sets its cookie. */
  csrfToken(request: Request, response: Response): string;
  engines(): Promise<Engine[]>;
  machineTypes(): Promise<(MachineType & { cloud: string })[]>;
  /** How many may hold a machine at once. */
  places(): Promise<number>;
  cloudListings(): Promise<CloudListing[]>;
  /** `routes.upload` writes there; how large it may be is for the page to say. */
  uploads: { folder: string; limitMb: number };
}
