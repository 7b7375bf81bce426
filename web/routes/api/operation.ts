import type { Request, Response } from 'express';
import { z } from 'zod';
import { idSchema } from '../../../domain/ids.ts';
import type { AppContext } from '../../app-context.ts';
import { notFound } from '../../services/refused.ts';
import { parsed } from '../../services/request-problems.ts';
import type { Who } from '../../services/services.ts';
import type { Method, Permission, SecuredRoutes } from '../secured-routes.ts';

export interface Answer {
  description: string;
  /** JSON of this shape; otherwise see `type`. */
  schema?: z.ZodType;
  /** Media types of an answer that is not JSON. */
  types?: string[];
  headers?: Record<string, string>;
}

/** One operation of the API: the route, its check and its part of the OpenAPI document are made from it. */
export interface Operation<Query extends z.ZodType = z.ZodType> {
  method: Method;
  /** In the form of Express: `/jobs/:id`. */
  path: string;
  permission: Permission;
  tag: string;
  summary: string;
  description?: string;
  query?: Query;
  headers?: { name: string; description: string }[];
  json?: z.ZodType;
  /** One file in the field `file` of multipart/form-data, in place of JSON or beside it. */
  file?: boolean;
  /** What may come beside the file. */
  fileFields?: z.ZodObject;
  answers: Record<number, Answer>;
}

export interface Given<Query extends z.ZodType> {
  who: Who;
  id: string;
  query: z.output<Query>;
  request: Request;
  response: Response;
}

export interface ApiRoutes {
  operations: Operation[];
  add<Query extends z.ZodType = z.ZodType<Record<string, unknown>>>(
    operation: Operation<Query>,
    handle: (given: Given<Query>) => Promise<void>,
  ): void;
}

const noQuery = z.object({});

export function apiRoutes(routes: SecuredRoutes, context: Pick<AppContext, 'who'>): ApiRoutes {
  const operations: Operation[] = [];
  return {
    operations,
    add(operation, handle) {
      operations.push(operation);
      const add = operation.file ? routes.upload : routes[operation.method];
      add(operation.path, operation.permission, async (request, response) => {
        const query = parsed(operation.query ?? noQuery, request.query) as never;
        await handle({ who: context.who(request), id: idIn(request, operation), query, request, response });
      });
    },
  };
}

/** What is no id names nothing: as absent as an id that nobody has. */
function idIn(request: Request, { path, tag }: Operation): string {
  const { id } = request.params;
  if (!path.includes(':id')) return '';
  if (typeof id === 'string' && idSchema.safeParse(id).success) return id;
  throw notFound(`${tag} with this id`, 'An id is a UUID, as the lists show it.');
}
