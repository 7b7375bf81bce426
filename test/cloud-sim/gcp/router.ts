import type { Json } from './json.ts';

/** One request, when it is known who asks. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Json;
  /** The e-mail address of a service account. */
  who: string;
  /** What the pattern's names stand for. */
  part: (name: string) => string;
}

export interface Needed {
  permission: string;
  /** What it is needed on: `projects/…`, `buckets/…`. */
  resource: string;
}

export interface Route {
  method: string;
  pattern: RegExp;
  /** The API that must be enabled. */
  service: string;
  needs: (call: Call) => Needed | undefined;
  answer: (call: Call) => Promise<Json> | Json;
}

/** Makes routes of one API. In a path, `:name` is a part, and what it stands on is named in the same words. */
export function routesOf(service: string, prefix: string) {
  const routes: Route[] = [];
  const add = (
    method: string,
    path: string,
    permission: string | undefined,
    on: string,
    answer: Route['answer'],
  ): void => {
    const source = `${prefix}${path}`.replaceAll(/[.*]/g, '\\$&').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/:]+)');
    const needs = (call: Call): Needed | undefined =>
      permission === undefined
        ? undefined
        : { permission, resource: on.replaceAll(/\{(\w+)\}/g, (_, name: string) => call.part(name)) };
    routes.push({ method, pattern: new RegExp(`^${source}$`), service, needs, answer });
  };
  return { routes, add };
}

export function findRoute(routes: readonly Route[], method: string, path: string) {
  for (const route of routes) {
    if (route.method !== method) continue;
    const found = route.pattern.exec(path);
    if (found) {
      const part = (name: string): string => decodeURIComponent(found.groups?.[name] ?? '');
      return { route, part };
    }
  }
  return undefined;
}

/** One page of a listing, as every API cuts them: the token is where the next one begins. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams, standard = 500): { items: T[]; next?: string } {
  const size = Number(query.get('maxResults') ?? query.get('pageSize')) || standard;
  const from = Number(query.get('pageToken')) || 0;
  const items = all.slice(from, from + size);
  return from + size < all.length ? { items, next: String(from + size) } : { items };
}
