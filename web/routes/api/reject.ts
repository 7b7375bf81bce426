import { Refused } from '../../services/refused.ts';
import type { Rejected } from '../../services/services.ts';

/** A rejected request as an error of the API: the message names the fields, `problems` says more of each. */
export function reject({ problems }: Rejected): never {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  throw new Refused(422, 'The request does not fit', `${first?.message ?? 'It does not fit.'}${more}`, { problems });
}
