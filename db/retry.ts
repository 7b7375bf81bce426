import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 5;
/** Longer: a loaded database breathes. Shorter: a waiter is not overtaken for long by those that come fresh. */
const LONGEST_PAUSE_MS = 100;

/** Lock wait timeout, deadlock, and MariaDB's "record has changed since last read": the whole transaction is safe to repeat. */
const BUSY_MYSQL_ERRORS = new Set([1205, 1213, 1020]);

interface DriverError {
  code?: unknown;
  errno?: unknown;
}

/** Somebody else was in the way; nothing was written, and the same again may succeed. */
export function isBusy(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as DriverError;
  if (typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)) return true;
  return typeof errno === 'number' && BUSY_MYSQL_ERRORS.has(errno);
}

/** A row with that key is there already. */
export function isDuplicate(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as DriverError;
  return code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || errno === 1062;
}

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
