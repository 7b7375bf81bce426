import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import { TrainyardError } from '../domain/failures.ts';
import { explained, isDuplicate } from './database-errors.ts';
import { retryWhileBusy } from './retry.ts';

export type Trx = Knex.Transaction;
export type Dialect = 'sqlite' | 'mysql';

/** One database, as one process sees it. */
export class Database {
  readonly dialect: Dialect;
  /** For a person: the file, or host and schema; never a password. */
  readonly place: string;
  private readonly knex: Knex;
  /** Set inside `transaction`, so that a query that forgot its `trx` fails at once instead of waiting for itself. */
  private readonly open = new AsyncLocalStorage<boolean>();

  constructor(knex: Knex, dialect: Dialect, place: string) {
    this.knex = knex;
    this.dialect = dialect;
    this.place = place;
  }

  /**
   * All or nothing, repeated as a whole when another process was in the way: `fn` must only query by its `trx`, do no
   * I/O, and have no effect outside. With a `trx` given it becomes a part of that one.
   */
  async transaction<T>(fn: (trx: Trx) => Promise<T>, trx?: Trx): Promise<T> {
    if (trx) return fn(trx);
    this.refuseInside();
    return this.insist(() => this.once(fn));
  }

  /** One statement, alone or as a part of `trx`. */
  async run<T>(trx: Trx | undefined, fn: (db: Knex) => PromiseLike<T>): Promise<T> {
    if (trx) return fn(trx);
    this.refuseInside();
    return this.insist(async () => fn(this.knex));
  }

  /** False when a row with one of its keys is there already. Other errors stay errors. */
  async insertOnce(table: string, row: object, trx?: Trx): Promise<boolean> {
    try {
      await this.run(trx, (db) => db(table).insert(row));
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Beside the transaction that is open, on another connection. MySQL only: an SQLite file has one writer. */
  aside<T>(fn: (db: Knex) => Promise<T>): Promise<T> {
    return this.open.exit(() => fn(this.knex));
  }

  async close(): Promise<void> {
    await this.knex.destroy();
  }

  private async once<T>(fn: (trx: Trx) => Promise<T>): Promise<T> {
    const failures: unknown[] = [];
    try {
      return await this.knex.transaction(async (own) => {
        try {
          return await this.open.run(true, () => fn(own));
        } catch (error) {
          failures.push(error);
          throw error;
        }
      });
    } catch (error) {
      // On a lost connection the rollback fails too, and its error would hide the first one.
      throw failures[0] ?? error;
    }
  }

  private async insist<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await retryWhileBusy(act);
    } catch (error) {
      throw explained(error);
    }
  }

  private refuseInside(): void {
    if (this.open.getStore()) throw new TrainyardError('Bug', 'A query inside a transaction was made without its trx.');
  }
}
