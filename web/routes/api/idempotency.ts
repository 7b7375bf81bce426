import type { Request } from 'express';
import { Refused } from '../../services/refused.ts';

export const idempotencyHeader = {
  name: 'Idempotency-Key',
  description: 'Any text of yours, up to 200 characters; the same key is the same request.',
};

/** The key of a request, as options of a service. */
export function keyIn(request: Request): { idempotencyKey?: string } {
  const header = request.get('idempotency-key');
  if (header === undefined) return {};
  const key = header.trim();
  if (key !== '' && key.length <= 200) return { idempotencyKey: key };
  throw new Refused(422, 'Idempotency-Key does not fit', 'An Idempotency-Key has 1 to 200 characters.');
}
