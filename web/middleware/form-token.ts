import { doubleCsrf } from 'csrf-csrf';
import type { Request, RequestHandler, Response } from 'express';
import { Refused } from '../services/refused.ts';

export interface FormTokens {
  /** Puts `csrfToken` where views find it. */
  offer: RequestHandler;
  /** Refuses a request without a token that fits. */
  demand: RequestHandler;
  tokenFor(request: Request, response: Response): string;
}

/** Tokens for forms, without JavaScript: a hidden field `_csrf` that must fit a cookie. `locals.csrfToken` is for views. */
export function formTokens(secret: string): FormTokens {
  const { generateCsrfToken, validateRequest } = doubleCsrf({
    getSecret: () => secret,
    // One local person; with accounts this is the session. The Origin check stands before it.
    getSessionIdentifier: () => 'local',
    cookieName: 'trainyard-form',
    // Not `secure`: the app is on plain http on loopback, and browsers would drop it.
    cookieOptions: { sameSite: 'strict', path: '/', secure: false, httpOnly: true },
    getCsrfTokenFromRequest: (request) => {
      const header = request.headers['x-csrf-token'];
      return typeof header === 'string' ? header : (request.body as { _csrf?: string } | undefined)?._csrf;
    },
  });
  const tokenFor = (request: Request, response: Response) =>
    response.headersSent ? '' : generateCsrfToken(request, response);
  return {
    tokenFor,
    offer(request, response, next) {
      // Only a page that is rendered sets the cookie: the view engine reads this when it copies the locals.
      Object.defineProperty(response.locals, 'csrfToken', {
        enumerable: true,
        get: () => tokenFor(request, response),
      });
      next();
    },
    demand(request, _response, next) {
      if (validateRequest(request)) return next();
      throw new Refused(403, 'Form out of date', 'This form is no longer valid; nothing was changed.', {
        hint: 'Go back, reload the page and send it again. Cookies must be allowed for this address.',
      });
    },
  };
}
