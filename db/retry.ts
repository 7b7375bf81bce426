import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './database-errors.ts';

const LONGEST_WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 5;
/** Longer: a loaded database breathes. Shorter: a waiter is not overtaken for long by those that come fresh. */
const LONGEST_PAUSE_MS = 100;

/** Waits without blocking the process, with jitter so that two that collided do not collide again. */
export async function retryWhileBusy<T>(act: () => Promise<T>): Promise<T> {
  const giveUpAtMs = Date.now() + LONGEST_WAIT_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      if (!isBusy(error) || Date.now() >= giveUpAtMs) throw error;
    }
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}
