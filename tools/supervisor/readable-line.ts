interface LogRecord {
  level?: number;
  time?: number;
  msg?: string;
  err?: { message?: string };
}

const levels: Record<number, string> = { 40: 'warning: ', 50: 'error: ', 60: 'fatal: ' };
const leastLevel = 30;

/** A line of a child for the terminal: JSON log records as text, what is only for debugging left to the file. */
export function readableLine(line: string): string | undefined {
  if (!line.startsWith('{"level":')) return line;
  let record: LogRecord;
  try {
    record = JSON.parse(line) as LogRecord;
  } catch {
    return line;
  }
  const { level = leastLevel, time, msg = '', err } = record;
  if (level < leastLevel) return undefined;
  const at = time === undefined ? '' : `${new Date(time).toISOString().slice(11, 19)} `;
  const why = err?.message && !msg.includes(err.message) ? ` (${err.message})` : '';
  return `${at}${levels[level] ?? ''}${msg}${why}`;
}
