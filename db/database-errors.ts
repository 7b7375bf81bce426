import { TrainyardError } from '../domain/failures.ts';

/** Lock wait timeout, deadlock, and MariaDB's "record has changed since last read": the whole transaction is safe to repeat. */
const BUSY_MYSQL_ERRORS = new Set([1205, 1213, 1020]);
const DUPLICATE_ENTRY = 1062;
/** Too many connections, server shutting down, connection killed. */
const AWAY_MYSQL_ERRORS = new Set([1040, 1053, 1927]);
const AWAY_CODES = /^(PROTOCOL_CONNECTION_LOST|PROTOCOL_ENQUEUE_AFTER|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|SQLITE_CANTOPEN)/;
/** What the MySQL driver says of a connection that it found dead, without a code. */
const AWAY_MESSAGE = /in closed state$/;
/** Disk full, and two ways in which a table or a temporary file has no room. */
const FULL_MYSQL_ERRORS = new Set([1021, 1114, 1041]);

interface DriverError {
  name: string;
  code: string;
  errno: number;
  message: string;
}

function partsOf(error: unknown): DriverError {
  const { name, code, errno, message } = (error ?? {}) as Partial<Record<keyof DriverError, unknown>>;
  return {
    name: typeof name === 'string' ? name : '',
    code: typeof code === 'string' ? code : '',
    errno: typeof errno === 'number' ? errno : 0,
    message: String(message ?? error),
  };
}

/** Somebody else was in the way; nothing was written, and the same again may succeed. */
export function isBusy(error: unknown): boolean {
  const { code, errno } = partsOf(error);
  return /^SQLITE_(BUSY|LOCKED)/.test(code) || BUSY_MYSQL_ERRORS.has(errno);
}

/** A row with that key is there already. */
export function isDuplicate(error: unknown): boolean {
  const { code, errno } = partsOf(error);
  return /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(code) || errno === DUPLICATE_ENTRY;
}

/** What is nobody's bug gets the type by which it is retried; anything else stays as it is. */
export function explained(error: unknown): unknown {
  const { name, code, errno, message } = partsOf(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || FULL_MYSQL_ERRORS.has(errno)) {
    return because(error, 'DiskFull', 'The disk with the database is full.', 'Make room on it; the work then goes on.');
  }
  const away =
    AWAY_CODES.test(code) || AWAY_MYSQL_ERRORS.has(errno) || AWAY_MESSAGE.test(message) || name === 'KnexTimeoutError';
  if (!away && !isBusy(error)) return error;
  return because(error, 'DatabaseUnavailable', `The database does not answer: ${message}`);
}

function because(cause: unknown, ...given: ConstructorParameters<typeof TrainyardError>): TrainyardError {
  const error = new TrainyardError(...given);
  error.cause = cause;
  return error;
}
