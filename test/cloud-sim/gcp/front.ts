import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import { disabledService } from './iam/projects.ts';
import type { Ground } from './ground.ts';
import { asJson, type Json } from './json.ts';
import type { RequestLog } from './request-log.ts';
import { type Call, findRoute, type Needed, type Route } from './router.ts';
import { objectCallOf, passOn, passTo } from './storage/objects.ts';
import { OAuthError } from './tokens.ts';

interface Parts {
  ground: Ground;
  routes: readonly Route[];
  storagePort: number;
  requests: RequestLog;
  /** What tests ask for, under /_simulation/. */
  admin: (verb: string, body: Json) => Promise<unknown>;
}

/** The one address behind which all of Google's REST APIs are: each request is signed for, allowed, hurt, answered. */
export function startFront(port: number, parts: Parts): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith('/_simulation/')) parts.requests.note(incoming, outgoing);
    answer(parts, incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else if (error instanceof ApiError) say(outgoing, error.code, error.body());
      else if (error instanceof OAuthError) say(outgoing, 400, error.body);
      else {
        console.error(incoming.method, incoming.url, error);
        say(outgoing, 500, new ApiError(500, `The simulation failed: ${String(error)}`).body());
      }
    });
  });
  // As long as any client keeps one: an answer must not meet a connection that was just closed.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function answer(parts: Parts, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { ground } = parts;
  const url = new URL(incoming.url ?? '/', 'http://front');
  // Terraform's provider takes the version off an address before its client adds it, but only off one of https.
  const path = url.pathname.replace(/^\/(v1|v3)\/\1\//, '/$1/');
  const method = incoming.headers['x-http-method-override']?.toString() ?? incoming.method ?? 'GET';
  if (path.startsWith('/_simulation/')) {
    return say(
      outgoing,
      200,
      asJson({ answer: await parts.admin(path.slice('/_simulation/'.length), await jsonOf(incoming)) }),
    );
  }
  const query = decodeURIComponent(url.search);
  const late = ground.faults.takeFor('delay', method, path, query);
  if (late && !late.after) await wait(late.ms);
  const fault = ground.faults.takeFor('error', method, path, query);
  if (fault && !fault.after) {
    await drain(incoming);
    return fail(outgoing, fault);
  }
  if (fault || late?.after) swallow(outgoing, fault, late?.ms ?? 0);

  if (path === '/token' && method === 'POST') {
    const form = new URLSearchParams((await bytesOf(incoming)).toString('utf8'));
    return say(outgoing, 200, ground.tokens.exchange(form));
  }
  // A resumable upload is its own key once it has begun.
  const isGoingOn = url.searchParams.has('upload_id');
  const who = isGoingOn ? '' : ground.tokens.whoHas(incoming.headers.authorization);
  const objects = objectCallOf(method, path);
  if (objects) {
    if (!isGoingOn) allow(ground, who, 'storage.googleapis.com', objects);
    return passOn(ground, objects, parts.storagePort, incoming, outgoing);
  }
  if (path.startsWith('/batch/storage/')) return passTo(parts.storagePort, incoming, outgoing);
  const found = findRoute(parts.routes, method, path);
  if (!found) throw new ApiError(404, `${method} ${path} is not simulated.`);
  const { route } = found;
  const part = (name: string): string => (name === 'project' ? ownProject(ground, found.part(name)) : found.part(name));
  const call: Call = { method, path, query: url.searchParams, body: await jsonOf(incoming), who, part };
  allow(ground, who, route.service, route.needs(call));
  const body = await route.answer(call);
  // Storage alone says that there is nothing to say.
  if (method === 'DELETE' && route.service === 'storage.googleapis.com') return void outgoing.writeHead(204).end();
  return say(outgoing, 200, body);
}

function allow(ground: Ground, who: string, service: string, needed: Needed | undefined): void {
  const services = ground.records.kind<{ enabled: boolean }>('service');
  if (services.get(service)?.enabled === false) throw disabledService(service, ground.projectNumber);
  if (!needed || ground.policies.allows(who, needed)) return;
  const { permission, resource } = needed;
  if (permission.startsWith('compute.')) {
    throw new ApiError(403, `Required '${permission}' permission for '${resource}'`);
  }
  if (permission.startsWith('storage.')) {
    throw new ApiError(
      403,
      `${who} does not have ${permission} access to the Google Cloud Storage ${permission.includes('.objects.') ? 'object' : 'bucket'}. Permission '${permission}' denied on resource (or it may not exist).`,
    );
  }
  throw new ApiError(
    403,
    `Permission '${permission}' denied on resource '//${service}/${resource}' (or it may not exist).`,
    {
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: service,
          metadata: { permission, resource },
        },
      ],
    },
  );
}

/** By its id, its number, or as the one in question. */
function ownProject(ground: Ground, given: string): string {
  if ([ground.project, ground.projectNumber, '-', '_'].includes(given)) return ground.project;
  throw new ApiError(404, `The resource 'projects/${given}' was not found`);
}

interface Failing {
  status: number;
  reason?: string;
  message?: string;
  hangUp?: boolean;
}

function fail(outgoing: ServerResponse, { status, reason, message, hangUp }: Failing): void {
  if (hangUp) outgoing.destroy();
  else say(outgoing, status, new ApiError(status, message ?? `Simulated: ${status}`, reason ? { reason } : {}).body());
}

/** The act is done, and its answer is lost or late. */
function swallow(outgoing: ServerResponse, fault: Failing | undefined, ms: number): void {
  const { end, write, writeHead } = outgoing;
  outgoing.writeHead = ((...head: Parameters<typeof writeHead>) => {
    if (!fault) return writeHead.apply(outgoing, head);
    return outgoing;
  }) as typeof writeHead;
  if (fault) outgoing.write = (() => true) as typeof write;
  outgoing.end = ((...last: Parameters<typeof end>) => {
    outgoing.end = end;
    outgoing.write = write;
    outgoing.writeHead = writeHead;
    if (fault) fail(outgoing, fault);
    else setTimeout(() => end.apply(outgoing, last), ms);
    return outgoing;
  }) as typeof end;
}

export function say(outgoing: ServerResponse, status: number, body: Json): void {
  outgoing.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  outgoing.end(JSON.stringify(body));
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function jsonOf(incoming: IncomingMessage): Promise<Json> {
  const text = (await bytesOf(incoming)).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return asJson(JSON.parse(text));
  } catch {
    throw new ApiError(400, 'Invalid JSON payload received.');
  }
}

async function drain(incoming: IncomingMessage): Promise<void> {
  for await (const _ of incoming);
}
