import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than a healthy server ever takes; short enough for a person to wait while it is away. */
const PATIENCE_MS = 3000;

/**
 * Tells the workflow, if it can be reached now. What was asked is in the database already, so that reconcile delivers
 * it when this does not: a request is never refused because Temporal is away.
 */
export async function deliver(send: () => Promise<void>, onError: (error: unknown) => void): Promise<boolean> {
  const sent = send().then(
    () => true,
    (error: unknown) => {
      onError(error);
      return false;
    },
  );
  const giveUp = new AbortController();
  const late = sleep(PATIENCE_MS, false, { signal: giveUp.signal, ref: false }).catch(() => false);
  const delivered = await Promise.race([sent, late]);
  giveUp.abort();
  return delivered;
}
