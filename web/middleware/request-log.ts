import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** One id per request: in the answer's header, in every error, in every log line about it. */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const requestId = randomUUID();
    const begin = performance.now();
    response.locals.requestId = requestId;
    response.locals.log = log.child({ requestId });
    response.set('X-Request-Id', requestId);
    response.once('close', () => {
      const { statusCode } = response;
      const line = {
        requestId,
        method: request.method,
        // Without the query: what people search for is theirs.
        path: request.originalUrl.split('?', 1)[0],
        status: statusCode,
        milliseconds: Math.round(performance.now() - begin),
      };
      if (statusCode >= 500) log.warn(line, 'answered with an error');
      else log.debug(line, 'answered');
    });
    next();
  };
}
