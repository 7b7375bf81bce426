import type { Request, RequestHandler } from 'express';
import { Refused } from '../services/refused.ts';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** The name in a Host header, without the port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

/**
 * A page of a foreign site can make a browser talk to loopback under that site's own name (DNS rebinding): so only the
 * names that are ours are answered. The port may be any: forwarding changes it.
 */
export function knownHost(allowedHosts: readonly string[]): RequestHandler {
  const names = new Set([...loopbackNames, ...allowedHosts.map((host) => nameOf(host))]);
  return (request, _response, next) => {
    const host = request.headers.host;
    if (host !== undefined && names.has(nameOf(host))) return next();
    throw new Refused(421, 'Unknown host name', `This Trainyard does not answer to the name “${host ?? ''}”.`, {
      hint: 'Use http://127.0.0.1 with its port, or add the name to the setting TRAINYARD_ALLOWED_HOSTS.',
    });
  };
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function changesSomething(request: Request): boolean {
  return !safeMethods.has(request.method);
}

/** Browsers name the page that a request comes from; whatever changes something must come from a page of ours. */
export function ownOrigin(allowedHosts: readonly string[]): RequestHandler {
  const allowed = new Set(allowedHosts.map((host) => nameOf(host)));
  return (request, _response, next) => {
    if (!changesSomething(request) || isOwn(request, allowed)) return next();
    throw new Refused(403, 'Foreign origin', 'This request came from a page of another site and was not carried out.', {
      hint: 'Open Trainyard itself and repeat it there.',
    });
  };
}

function isOwn(request: Request, allowed: ReadonlySet<string>): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  // Another port of this machine is another site: somebody else's local server.
  return from.host === host?.toLowerCase() || allowed.has(nameOf(from.host));
}

/**
 * The API takes no form token, so a request must be one that a foreign page cannot send without asking first: a JSON
 * body or a header of ours makes a browser ask (a preflight), and nobody here says yes.
 */
export const notFromAForm: RequestHandler = (request, _response, next) => {
  const told = request.headers['x-trainyard'] !== undefined || request.headers['idempotency-key'] !== undefined;
  const isSimple = request.method === 'POST' && request.is('application/json') === false;
  const isEmpty = request.method === 'POST' && request.is('application/json') === null;
  if (!changesSomething(request) || told || !(isSimple || isEmpty)) return next();
  throw new Refused(403, 'Header missing', 'A request that changes something needs a header that a form cannot send.', {
    hint: 'Add the header “X-Trainyard: 1”, or send application/json.',
  });
};
