import type { Request, Response } from 'express';
import type { Database } from '../../../db/open-database.ts';
import type { Engine } from '../../../domain/engine.ts';
import type { MachineType, Thing } from '../../../infra/cloud.ts';

export interface Who {
  workspaceId: string;
  owner: string;
}

/** What a cloud told of itself, and when; asked at most every few seconds however many people look. */
export interface CloudListing {
  cloud: string;
  askedAtMs: number;
  things: (Thing & { manualRemoval: string })[];
  /** Why it could not be asked. */
  problem: string | null;
}

/** What pages need beside the services: what `web/app.ts` hands to `pageRouter`. */
export interface PageContext {
  /** For the read models. */
  database: Database;
  who(request: Request): Who;
  /** The token for the forms of this request; sets its cookie. Forms send it as the field or query `_csrf`. */
  csrfToken(request: Request, response: Response): string;
  engines(): Promise<Engine[]>;
  machineTypes(): Promise<(MachineType & { cloud: string })[]>;
  cloudListings(): Promise<CloudListing[]>;
  /** Where uploads are written before a service takes them, and how large they may be. */
  uploads: { folder: string; limitMb: number };
}
