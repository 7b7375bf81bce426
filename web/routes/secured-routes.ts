import { Router, type RequestHandler } from 'express';
import { Refused } from '../services/refused.ts';

/** What a person must be allowed to do. One local person may do all today; accounts will not have to find the routes again. */
export const permissions = ['public', 'read', 'upload', 'prepare', 'train', 'predict', 'remove'] as const;
export type Permission = (typeof permissions)[number];

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface DeclaredRoute {
  method: Method;
  path: string;
  permission: Permission;
}

type Add = (path: string, permission: Permission, ...handlers: RequestHandler[]) => void;

/** A router to which nothing can be added without saying who may use it. Unknown methods get 405 with `Allow`. */
export interface SecuredRoutes {
  router: Router;
  declared: DeclaredRoute[];
  get: Add;
  post: Add;
  put: Add;
  patch: Add;
  delete: Add;
  /** A POST with one file in the field `file`: `request.file`, removed by the app when the answer is sent. */
  upload: Add;
}

interface Guards {
  allow: (permission: Permission) => RequestHandler;
  /** Runs once the body of a POST has been read: the check of the form's token. */
  beforePost?: RequestHandler[];
  /** Receives the file of an upload. */
  beforeFile?: RequestHandler[];
}

export function securedRoutes({ allow, beforePost = [], beforeFile = [] }: Guards): SecuredRoutes {
  const router = Router();
  const declared: DeclaredRoute[] = [];
  const add =
    (method: Method, guards: RequestHandler[]): Add =>
    (path, permission, ...handlers) => {
      declared.push({ method, path, permission });
      router[method](path, allow(permission), ...guards, ...handlers);
    };
  return {
    router,
    declared,
    get: add('get', []),
    post: add('post', beforePost),
    put: add('put', beforePost),
    patch: add('patch', beforePost),
    delete: add('delete', beforePost),
    upload: add('post', [...beforeFile, ...beforePost]),
  };
}

/** Call once all routes are there: a known path with a method it does not take is 405, not 404. */
export function refuseOtherMethods(routes: SecuredRoutes): void {
  const allowed = new Map<string, Set<string>>();
  for (const { method, path } of routes.declared) {
    const methods = allowed.get(path) ?? new Set(['OPTIONS']);
    methods.add(method.toUpperCase());
    if (method === 'get') methods.add('HEAD');
    allowed.set(path, methods);
  }
  for (const [path, methods] of allowed) {
    const allow = [...methods].toSorted().join(', ');
    routes.router.all(path, (request, response) => {
      response.set('Allow', allow);
      if (request.method === 'OPTIONS') {
        response.status(204).end();
        return;
      }
      throw new Refused(405, 'Method not allowed', `${request.method} is not possible here.`, {
        hint: `Possible: ${allow}.`,
      });
    });
  }
}
