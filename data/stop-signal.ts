import { TrainyardError } from '../domain/failures.ts';
import type { CallOptions } from './data-calls.ts';

export interface StopSignal {
  readonly signal: AbortSignal;
  clear(): void;
}

/** One signal for “the caller gave up” and “it took too long”; its reason is what the call fails with. */
export function stopSignal({ signal, timeoutMs }: CallOptions): StopSignal {
  const controller = new AbortController();
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
