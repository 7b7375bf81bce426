import type { Knex } from 'knex';
import type { Migration } from './migrate.ts';

/**
 * DDL as SQL that both databases read alike: SQLite takes MySQL's type names and picks the affinity by them
 * (bigint → INTEGER, varchar, longtext → TEXT, double → REAL). Text is compared byte by byte on both (utf8mb4_bin).
 * MySQL cannot roll DDL back, so each statement may be run again after a process died before it was noted as done.
 */
const OPTIONS = 'engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin row_format = dynamic';
const SERIAL = { sqlite: 'integer primary key autoincrement', mysql: 'bigint not null auto_increment primary key' };
const ER_DUP_KEYNAME = 1061;

/** `{serial}` stands for a key that the database counts. */
export function createTable(name: string, body: string): Migration {
  return {
    up: (db) => {
      const columns = body.replace('{serial}', isMysql(db) ? SERIAL.mysql : SERIAL.sqlite);
      return db.raw(`create table if not exists ${name} (${columns}) ${isMysql(db) ? OPTIONS : ''}`);
    },
    down: (db) => db.raw(`drop table if exists ${name}`),
  };
}

export function createIndex(name: string, table: string, columns: string): Migration {
  return {
    // MySQL has no `if not exists` for an index.
    up: async (db) => {
      if (!isMysql(db)) return db.raw(`create index if not exists ${name} on ${table} (${columns})`);
      try {
        return await db.raw(`create index ${name} on ${table} (${columns})`);
      } catch (error) {
        if ((error as { errno?: number }).errno === ER_DUP_KEYNAME) return undefined;
        throw error;
      }
    },
    down: (db) => db.raw(isMysql(db) ? `drop index ${name} on ${table}` : `drop index if exists ${name}`),
  };
}

function isMysql(db: Knex): boolean {
  return db.client.driverName === 'mysql2';
}
