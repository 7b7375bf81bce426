import { readdir } from 'node:fs/promises';
import type { Knex } from 'knex';
import { TrainyardError } from '../domain/failures.ts';
import type { Database, Trx } from './database.ts';

export interface Migration {
  up: (db: Knex) => Promise<unknown>;
  down: (db: Knex) => Promise<unknown>;
}

const folder = new URL('./migrations/', import.meta.url);
const LOCK = 'trainyard-migrate';
const LOCK_WAIT_SECONDS = 120;

/**
 * Brings the tables to what this code expects. Several processes may call it at once, and one may be killed in it:
 * - SQLite: everything is one transaction, so a killed process leaves nothing, not even knex's lock row;
 * - MySQL: the lock that counts belongs to a connection, and goes with it. A lock row of knex that is still there once
 *   that lock is held belongs to nobody alive. Each migration is one statement that may be repeated (see table.ts).
 */
export async function migrate(database: Database): Promise<void> {
  const names = await migrationNames();
  await database.transaction(async (trx) => {
    if (database.dialect === 'sqlite') return runMigrations(trx, names, database.place);
    await takeLock(trx);
    try {
      await database.aside((db) => runMigrations(db, names, database.place));
    } finally {
      await trx.raw('select release_lock(?)', [LOCK]);
    }
  });
}

export async function migrationNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => /^\d{4}-[a-z0-9-]+\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
}

async function runMigrations(db: Knex, names: string[], place: string): Promise<void> {
  await refuseNewer(db, names, place);
  const config: Knex.MigratorConfig = { migrationSource: source(names), disableTransactions: true };
  await db.migrate.forceFreeMigrationsLock(config);
  await db.migrate.latest(config);
}

function source(names: string[]): Knex.MigrationSource<string> {
  return {
    getMigrations: async () => names,
    getMigrationName: (name) => name,
    getMigration: async (name) => (await import(new URL(`${name}.ts`, folder).href)) as Migration,
  };
}

async function refuseNewer(db: Knex, names: string[], place: string): Promise<void> {
  if (!(await db.schema.hasTable('knex_migrations'))) return;
  const done = await db<{ name: string }>('knex_migrations').select('name');
  const unknown = done.map((row) => row.name).filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  throw new TrainyardError(
    'BadSettings',
    `The database ${place} was last used by a newer version of Trainyard (it has ${unknown.at(-1)}, this version ends at ${names.at(-1)}).`,
    'Run that version, or choose another TRAINYARD_DATA_FOLDER or TRAINYARD_DATABASE_URL.',
  );
}

async function takeLock(trx: Trx): Promise<void> {
  const [rows] = await trx.raw('select get_lock(?, ?) as held', [LOCK, LOCK_WAIT_SECONDS]);
  if (rows[0].held === 1) return;
  throw new TrainyardError('Bug', `Another process has been migrating this database for ${LOCK_WAIT_SECONDS} seconds.`);
}
