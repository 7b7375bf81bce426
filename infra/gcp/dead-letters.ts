import type { AttemptRef } from '../../domain/ids.ts';
import type { DeadLetter } from '../cloud.ts';
import type { GoogleApi } from './google-api.ts';
import { bucketNameOf, deadNameOf } from './names.ts';

interface Pulled {
  receivedMessages?: { message?: { messageId?: string; attributes?: Record<string, string> } }[];
}

const mostLetters = 1000;
/** An answer may be empty though there is more: only several in a row say that nothing is left. */
const emptyAnswers = 2;

/**
 * What Google gave up delivering. It is looked at and not acknowledged: whoever looks later finds it again, for as long
 * as the signals stand.
 */
export async function readDeadLetters(api: GoogleApi, ref: AttemptRef): Promise<DeadLetter[]> {
  const path = `projects/${api.project}/subscriptions/${deadNameOf(bucketNameOf(ref))}`;
  if (!(await api.get('pubsub', path))) return [];
  const found = new Map<string, DeadLetter>();
  for (let empty = 0; empty < emptyAnswers && found.size < mostLetters; ) {
    const pulled = await api.post<Pulled>('pubsub', `${path}:pull`, { maxMessages: 100, returnImmediately: true });
    const before = found.size;
    for (const { message } of pulled?.receivedMessages ?? []) {
      const { attempt, first, last } = message?.attributes ?? {};
      if (Number(attempt) !== ref.attempt) continue;
      found.set(message?.messageId ?? '', { firstSeq: Number(first), lastSeq: Number(last) });
    }
    if (found.size === before) empty++;
  }
  return [...found.values()].toSorted((one, other) => one.firstSeq - other.firstSeq);
}
