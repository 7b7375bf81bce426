import { Refused } from '../../services/refused.ts';
import { firstOf } from '../../services/request-problems.ts';
import type { Rejected } from '../../services/services.ts';

/** A rejected request as an error of the API: the message names the first field, `problems` says more of each. */
export function reject({ problems }: Rejected): never {
  throw new Refused(422, 'The request does not fit', firstOf(problems), { problems });
}
