import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { notFound } from '../api-error.ts';
import type { Ground } from '../ground.ts';
import type { Json } from '../json.ts';
import { pageOf, type Route, routesOf } from '../router.ts';
import { linkOf } from './links.ts';
import { parseFilter } from './list-filter.ts';

/** As the API shows it. */
export interface Operation {
  name: string;
  id: string;
  operationType: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  targetLink: string;
  targetId: string;
  error?: { errors: { code: string; message: string }[] };
  [more: string]: unknown;
}

/** What is still to happen for an operation, and when; on disk, so that a restart goes on with it. */
export interface Work {
  operation: string;
  act: 'insert' | 'delete' | 'change' | 'stop' | 'start';
  zone: string;
  instance: string;
  dueAtMs: number;
  /** Of an insert: the instance, whole. */
  body?: Json;
}

interface Opening {
  zone: string;
  type: string;
  who: string;
  target: string;
  targetId: string;
  requestId?: string | null;
}

const longestWaitMs = 120_000;

export class Operations {
  readonly #ground: Ground;
  readonly #operations;
  readonly #requests;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#operations = ground.records.kind<Operation>('operation');
    this.#requests = ground.records.kind<{ operation: string }>('request');
  }

  open({ zone, type, who, target, targetId, requestId }: Opening): Operation {
    const { project, clock, newId } = this.#ground;
    const name = `operation-${clock.now()}-${randomUUID().slice(0, 13)}`;
    const now = clock.stamp();
    const path = `projects/${project}/zones/${zone}/operations/${name}`;
    if (requestId) this.#requests.put(requestId, { operation: path });
    return this.#operations.put(path, {
      kind: 'compute#operation',
      id: newId(),
      name,
      zone: linkOf(`projects/${project}/zones/${zone}`),
      operationType: type,
      targetLink: linkOf(target),
      targetId,
      status: 'RUNNING',
      user: who,
      progress: 0,
      insertTime: now,
      startTime: now,
      selfLink: linkOf(path),
    });
  }

  /** The one that a request with this id began: asked twice, it is done once. */
  ofRequest(requestId: string | null): Operation | undefined {
    const known = requestId ? this.#requests.get(requestId) : undefined;
    return known && this.#operations.get(known.operation);
  }

  /** As it is when it is over, or as it is then. */
  async waitFor(path: string, ms: number): Promise<Operation> {
    for (const giveUpAt = Date.now() + ms; ; await wait(10)) {
      const operation = this.#operations.get(path);
      if (!operation) throw notFound(path);
      if (operation.status === 'DONE' || Date.now() >= giveUpAt) return operation;
    }
  }

  close(path: string, error?: { code: string; message: string; status?: number }): void {
    const operation = this.#operations.get(path);
    if (!operation || operation.status === 'DONE') return;
    operation.status = 'DONE';
    operation['progress'] = 100;
    operation['endTime'] = this.#ground.clock.stamp();
    if (error) {
      operation.error = { errors: [{ code: error.code, message: error.message }] };
      operation['httpErrorStatusCode'] = error.status ?? 503;
      operation['httpErrorMessage'] = { 403: 'FORBIDDEN', 503: 'SERVICE UNAVAILABLE' }[error.status ?? 503] ?? 'ERROR';
    }
    this.#operations.put(path, operation);
  }

  /** What the cloud did by itself, and is over. */
  happened(zone: string, type: string, target: string, targetId: string, statusMessage: string): void {
    const operation = this.open({ zone, type, who: 'system', target, targetId });
    operation['statusMessage'] = statusMessage;
    this.close(pathOf(this.#ground.project, zone, operation.name));
  }

  routes(): Route[] {
    const { routes, add } = routesOf('compute.googleapis.com', '/compute/v1/projects/{project}/zones/{zone}');
    const { project } = this.#ground;
    const found = (zone: string, name: string): Operation => {
      const path = pathOf(project, zone, name);
      const operation = this.#operations.get(path);
      if (operation) return operation;
      throw notFound(path);
    };
    const on = `projects/${project}`;
    add('GET', '/operations', 'compute.zoneOperations.list', on, ({ part, query }) => {
      const matches = parseFilter(query.get('filter'));
      const zone = linkOf(`projects/${project}/zones/${part('zone')}`);
      const all = this.#operations.all().filter((one) => one['zone'] === zone && matches(one));
      const { items, next } = pageOf(
        query.get('orderBy')?.startsWith('creationTimestamp desc') ? all.toReversed() : all,
        query,
      );
      return {
        kind: 'compute#operationList',
        id: `${on}/zones/${part('zone')}/operations`,
        ...(items.length > 0 && { items }),
        selfLink: linkOf(`${on}/zones/${part('zone')}/operations`),
        ...(next && { nextPageToken: next }),
      };
    });
    add('GET', '/operations/{name}', 'compute.zoneOperations.get', on, ({ part }) => found(part('zone'), part('name')));
    add('POST', '/operations/{name}/wait', 'compute.zoneOperations.get', on, ({ part }) =>
      this.waitFor(pathOf(project, part('zone'), part('name')), longestWaitMs),
    );
    return routes;
  }
}

export function pathOf(project: string, zone: string, name: string): string {
  return `projects/${project}/zones/${zone}/operations/${name}`;
}
