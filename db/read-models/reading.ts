import type { Knex } from 'knex';
import type { Database } from '../database.ts';

/** A read of one page: repeated as a whole when the database was busy, never a part of somebody's transaction. */
export function reading<Rest extends unknown[], T>(
  read: (knex: Knex, ...rest: Rest) => Promise<T>,
): (database: Database, ...rest: Rest) => Promise<T> {
  return (database, ...rest) => database.run(undefined, (knex) => read(knex, ...rest));
}
