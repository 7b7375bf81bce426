import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import type { Knex } from 'knex';
import { retryWhileBusy } from './retry.ts';

/**
 * How long SQLite itself waits for another process's lock. That wait blocks the whole process, so it is short and the
 * rest is waited asynchronously (see retry.ts). Longer: fewer retries. Shorter: a page streams on while somebody writes.
 */
const BUSY_TIMEOUT_MS = 50;

interface TransactionInternals {
  query(connection: BetterSqlite3.Database, sql: string, status?: 1 | 2, value?: unknown): Promise<unknown>;
  begin(connection: BetterSqlite3.Database): Promise<unknown>;
  commit(connection: BetterSqlite3.Database, value: unknown): Promise<unknown>;
  rollback(connection: BetterSqlite3.Database, error: unknown): Promise<unknown>;
  _completed: boolean;
  _resolver(value: unknown): void;
  _rejecter(error: unknown): void;
}

// knex has no types and no public door for its dialects; the version is pinned, and test/db holds this to its behaviour.
const require = createRequire(import.meta.url);
const KnexSqliteClient = require('knex/lib/dialects/better-sqlite3/index.js') as new (
  config: Knex.Config,
) => Knex.Client & { connectionSettings: { filename: string } };
const KnexSqliteTransaction = require('knex/lib/dialects/sqlite3/execution/sqlite-transaction.js') as new (
  ...given: unknown[]
) => TransactionInternals;

/**
 * Takes the write lock at once (`BEGIN IMMEDIATE`): a transaction that reads first and writes later could otherwise
 * fail half-way, when waiting no longer helps. And it never leaves the only connection inside a transaction that
 * ended badly (a disk that filled up at COMMIT): everything after would silently run in it.
 */
class SqliteTransaction extends KnexSqliteTransaction {
  override async begin(connection: BetterSqlite3.Database): Promise<void> {
    connection.exec('BEGIN IMMEDIATE');
  }

  override async commit(connection: BetterSqlite3.Database, value: unknown): Promise<void> {
    try {
      connection.exec('COMMIT');
    } catch (error) {
      this.end(connection);
      this._rejecter(error);
      return;
    }
    this._completed = true;
    this._resolver(value);
  }

  override async rollback(connection: BetterSqlite3.Database, error: unknown): Promise<void> {
    this.end(connection);
    this._rejecter(error ?? new Error('The transaction was rolled back.'));
  }

  private end(connection: BetterSqlite3.Database): void {
    this._completed = true;
    // After some errors SQLite has rolled back on its own, and a second ROLLBACK would hide the first error.
    if (connection.inTransaction) connection.exec('ROLLBACK');
  }
}

export class SqliteClient extends KnexSqliteClient {
  override async acquireRawConnection(): Promise<BetterSqlite3.Database> {
    const Driver = require('better-sqlite3') as typeof BetterSqlite3;
    const connection = new Driver(this.connectionSettings.filename, { timeout: BUSY_TIMEOUT_MS });
    // The change to WAL needs the file for itself for a moment, and several processes start at once.
    await retryWhileBusy(async () => connection.pragma('journal_mode = WAL'));
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    return connection;
  }

  override transaction(...given: unknown[]): Knex.Transaction {
    return new SqliteTransaction(this, ...given) as unknown as Knex.Transaction;
  }
}
