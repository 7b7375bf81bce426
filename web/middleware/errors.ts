import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { notFound, Refused, refusedBy } from '../services/refused.ts';

/** One form of an error for pages, and one (RFC 9457) for the API; both carry the id of the request. */
export function answerErrors(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, next) => {
    const refused = refusalFor(error);
    if (refused.status >= 500) log.error({ err: error, requestId: response.locals.requestId }, refused.title);
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      response.destroy();
      return;
    }
    response.status(refused.status).set('Cache-Control', 'no-store');
    response.removeHeader('ETag');
    if (isForApi(request)) sendProblem(response, refused);
    else sendPage(request, response, refused, log);
    void next;
  };
}

export const nothingHere: RequestHandler = (request) => {
  throw notFound(`page “${request.path}”`, 'Check the address, or start from the home page.');
};

export function isForApi(request: Request): boolean {
  return /^\/(api\/|openapi\.json|healthz|readyz)/.test(request.originalUrl);
}

function refusalFor(error: unknown): Refused {
  const refused = refusedBy(error);
  if (refused) return refused;
  const { status, type } = (error ?? {}) as { status?: number; type?: string };
  if (type === 'entity.too.large') return new Refused(413, 'Too large', 'The request is larger than it may be.');
  if (type === 'entity.parse.failed') {
    return new Refused(400, 'Not JSON', 'The body of the request is not valid JSON.', {
      hint: (error as Error).message,
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new Refused(status, 'The request cannot be read', (error as Error).message);
  }
  return new Refused(500, 'Something went wrong here', 'Trainyard met an error that it did not expect.', {
    hint: 'Try again. If it happens again, look for the request id in the log of the web process and report it.',
  });
}

function sendProblem(response: Response, refused: Refused): void {
  response.type('application/problem+json').send(
    JSON.stringify({
      type: 'about:blank',
      title: refused.title,
      status: refused.status,
      detail: refused.message,
      requestId: response.locals.requestId,
      ...(refused.hint === undefined ? {} : { hint: refused.hint }),
      ...(refused.problems.length === 0 ? {} : { problems: refused.problems }),
    }),
  );
}

function sendPage(request: Request, response: Response, refused: Refused, log: Logger): void {
  const page = {
    status: refused.status,
    title: refused.title,
    message: refused.message,
    hint: refused.hint,
    problems: refused.problems,
    requestId: response.locals.requestId as string,
    path: request.path,
  };
  response.render('error', page, (error: Error | null, html: string) => {
    if (!error) {
      response.type('html').send(html);
      return;
    }
    log.error({ err: error, requestId: page.requestId }, 'the error page itself failed');
    const lines = [refused.title, refused.message, refused.hint ?? '', `Request ${page.requestId}`];
    response.type('text').send(lines.filter((line) => line !== '').join('\n'));
  });
}
