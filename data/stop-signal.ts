import { TrainyardError } from '../domain/failures.ts';
import type { CallOptions } from './data-calls.ts';

export interface StopSignal {
  readonly signal: AbortSignal;
  clear(): void;
}

/**
 * One signal for “the caller gave up”, “it took too long” and “others go first” (`way`); its reason is what the call fails
 * with.
 */
export function stopSignal({ signal, timeoutMs }: CallOptions, way?: AbortSignal): StopSignal {
  const controller = new AbortController();
  way?.addEventListener('abort', () => controller.abort(way.reason), { once: true });
  const giveUp = () => controller.abort(signal?.reason);
  if (signal?.aborted) giveUp();
  else signal?.addEventListener('abort', giveUp);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(tooLong(timeoutMs)), timeoutMs);
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    },
  };
}

/** The same signal, and after `limitMs` one that says that it is the file which takes too long. */
export function workLimit(signal: AbortSignal, limitMs: number | undefined): StopSignal {
  if (limitMs === undefined) return { signal, clear: () => undefined };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(fileTooLong(limitMs)), limitMs);
  return { signal: AbortSignal.any([signal, controller.signal]), clear: () => clearTimeout(timer) };
}

function fileTooLong(limitMs: number): TrainyardError {
  const limit = limitMs < 60_000 ? `${Math.round(limitMs / 100) / 10} s` : `${Math.round(limitMs / 60_000)} minutes`;
  return new TrainyardError(
    'BadData',
    `Reading the file took longer than ${limit}, so it was given up.`,
    'Split it into smaller files, or save it as Parquet or as plain CSV, and upload that.',
  );
}

function tooLong(timeoutMs: number): TrainyardError {
  const message = `The data engine did not finish within ${Math.round(timeoutMs / 100) / 10} s.`;
  return new TrainyardError(
    'EngineUnavailable',
    message,
    'Try again; if it happens every time, the data is too large for this machine.',
  );
}

/** Rejects when the signal says so; `promise` goes on by itself. */
export async function orStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
