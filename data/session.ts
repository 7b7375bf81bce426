import { join } from 'node:path';
import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api';
import type { DataProgress, EngineSettings } from './data-calls.ts';
import { quoteText, quoteTexts } from './sql-text.ts';

export type Row = Json[];

/** What can be put into a table without becoming SQL before. */
export type Appended = Uint8Array | string | bigint | null;

/** A value of a row as text. */
export function cellText(cell: Json | undefined): string {
  return typeof cell === 'string' ? cell : (JSON.stringify(cell) ?? '');
}

/** One call's own data engine, which can reach the files of that call and nothing else. */
export interface Session {
  /** A folder that is removed when the call ends. */
  readonly workFolder: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Lets a table of so many columns through, whatever the limit on memory is. */
  makeRoomFor(columns: number): Promise<void>;
  /** Before what a person wrote becomes SQL: from here on, not even the limits can be set. */
  lock(): Promise<void>;
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<Row[]>;
  /** Adds rows to a table of the engine's own. */
  append(table: string, rows: readonly Appended[][]): Promise<void>;
  /** Rows gone through by the query under way, and all that it will read; unknown for some. */
  progress(): { rows: number; ofRows: number } | undefined;
  /** Tells whoever waits for the call how far it is. */
  report(progress: DataProgress): void;
  /** The first row; every aggregate has one. */
  row(sql: string): Promise<Row>;
}

export interface SessionFiles {
  read: string[];
  write: string[];
  workFolder: string;
}

/**
 * What the engine sets aside for each column that it writes. It touches little of it, but counts it all, so that a
 * table of thousands of columns and three rows would be over any sensible limit.
 */
const COLUMN_MB = 0.6;

/** An engine that has touched nothing yet. Making one takes about 15 ms, so the child keeps one ready. */
export function openEngine(settings: EngineSettings): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    memory_limit: `${settings.memoryMb}MB`,
    threads: String(settings.threads),
    // Nothing may be fetched from a network, at no time.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'true',
    errors_as_json: 'false',
  });
}

/**
 * Locks an engine to the files of one call. Locking cannot be undone, which is why each call has an engine of its own:
 * whatever a name or an expression of a user manages to say, there is nothing else to read or write.
 */
export async function openSession(
  engine: DuckDBInstance,
  settings: EngineSettings,
  files: SessionFiles,
  signal: AbortSignal,
  report: (progress: DataProgress) => void = () => undefined,
): Promise<Session & Disposable> {
  const connection = await engine.connect();
  const allowed = [...files.read, ...files.write];
  await connection.run(`SET temp_directory = ${quoteText(join(files.workFolder, 'spill'))}`);
  await connection.run(`SET allowed_paths = ${quoteTexts(allowed)}`);
  await connection.run(`SET allowed_directories = ${quoteTexts([`${files.workFolder}/`])}`);
  // How far a query is gets counted, for whoever asks; nothing is printed.
  await connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
  await connection.run('SET enable_external_access = false');
  let isLocked = false;
  const interrupt = () => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  const read = async (sql: string) => {
    signal.throwIfAborted();
    return (await connection.runAndReadAll(sql)).getRowsJson() as Row[];
  };
  return {
    workFolder: files.workFolder,
    threads: settings.threads,
    signal,
    makeRoomFor: async (columns) => {
      // What a recipe made is looked at in the room that its input had.
      if (isLocked) return;
      const needed = Math.max(settings.memoryMb, columns * COLUMN_MB);
      await connection.run(`SET memory_limit = '${Math.ceil(needed)}MB'`);
    },
    lock: async () => {
      isLocked = true;
      await connection.run('SET lock_configuration = true');
    },
    run: async (sql) => {
      signal.throwIfAborted();
      await connection.run(sql);
    },
    rows: read,
    append: async (table, rows) => {
      signal.throwIfAborted();
      const appender = await connection.createAppender(table);
      for (const row of rows) {
        for (const value of row) appendValue(appender, value);
        appender.endRow();
      }
      appender.closeSync();
    },
    progress: () => {
      const { percentage, rows_processed: rows, total_rows_to_process: ofRows } = connection.progress;
      return percentage < 0 ? undefined : { rows: Number(rows), ofRows: Number(ofRows) };
    },
    report,
    row: async (sql) => (await read(sql))[0] as Row,
    [Symbol.dispose]: () => close(engine, connection, signal, interrupt),
  };
}

function appendValue(appender: DuckDBAppender, value: Appended): void {
  if (value === null) appender.appendNull();
  else if (typeof value === 'string') appender.appendVarchar(value);
  else if (typeof value === 'bigint') appender.appendBigInt(value);
  else appender.appendBlob(value);
}

function close(engine: DuckDBInstance, connection: DuckDBConnection, signal: AbortSignal, interrupt: () => void): void {
  signal.removeEventListener('abort', interrupt);
  connection.closeSync();
  engine.closeSync();
}
