import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { Refused } from '../services/refused.ts';
import { changesSomething } from './known-host.ts';

/** Keeps one runaway script from starving everybody else; far above what a person or a patient program does. */
export function rateLimits(perMinute: { reads: number; writes: number }): RequestHandler[] {
  const limit = (count: number, applies: (writes: boolean) => boolean) =>
    rateLimit({
      windowMs: 60_000,
      limit: count,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      skip: (request) => !applies(changesSomething(request)),
      handler: (_request, _response, next) => {
        next(
          new Refused(429, 'Too many requests', `More than ${count} requests in a minute.`, {
            hint: 'Wait for the seconds named in Retry-After, and follow a job by its event stream instead of polling.',
          }),
        );
      },
    });
  return [limit(perMinute.writes, (writes) => writes), limit(perMinute.reads, (writes) => !writes)];
}
