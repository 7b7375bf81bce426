import type { Knex } from 'knex';
import type { Migration } from './migrate.ts';

/**
 * DDL as SQL that both databases read alike: SQLite takes MySQL's type names and picks the affinity by them
 * (bigint → INTEGER, varchar, longtext → TEXT, double → REAL). Text is compared byte by byte on both (utf8mb4_bin).
 * MySQL cannot roll DDL back, so each statement may be run again after a process died before it was noted as done.
 */
const OPTIONS = 'engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin row_format = dynamic';
const SERIAL = { sqlite: 'integer primary key autoincrement', mysql: 'bigint not null auto_increment primary key' };
const ER_DUP_FIELDNAME = 1060;
const ER_DUP_KEYNAME = 1061;
const ER_CANT_DROP_FIELD = 1091;
/** Then it goes with its table. */
const ER_NEEDED_BY_FOREIGN_KEY = 1553;

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
      return unless(ER_DUP_KEYNAME, db.raw(`create index ${name} on ${table} (${columns})`));
    },
    down: async (db) => {
      if (!isMysql(db)) return db.raw(`drop index if exists ${name}`);
      return unless(ER_NEEDED_BY_FOREIGN_KEY, db.raw(`drop index ${name} on ${table}`));
    },
  };
}

/** Of a table that may hold rows: the column must be able to be null, or have a default. */
export function addColumn(table: string, name: string, type: string): Migration {
  const add = `alter table ${table} add column ${name} ${type}`;
  const drop = `alter table ${table} drop column ${name}`;
  return {
    // Neither knows `if not exists` for a column.
    up: async (db) => {
      if (isMysql(db)) return unless(ER_DUP_FIELDNAME, db.raw(add));
      return (await db.schema.hasColumn(table, name)) ? undefined : db.raw(add);
    },
    down: async (db) => {
      if (isMysql(db)) return unless(ER_CANT_DROP_FIELD, db.raw(drop));
      return (await db.schema.hasColumn(table, name)) ? db.raw(drop) : undefined;
    },
  };
}

async function unless(harmless: number, statement: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await statement;
  } catch (error) {
    if (error instanceof Error && 'errno' in error && error.errno === harmless) return undefined;
    throw error;
  }
}

function isMysql(db: Knex): boolean {
  return db.client.driverName === 'mysql2';
}
