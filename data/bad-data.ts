import { TrainyardError } from '../domain/failures.ts';

/** What is wrong with somebody's file, and what to do. */
export function badData(message: string, hint: string): TrainyardError {
  return new TrainyardError('BadData', message, hint);
}
