import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import knex, { type Knex } from 'knex';
import { TrainyardError } from '../domain/failures.ts';
import { Database } from './database.ts';
import { SqliteClient } from './sqlite-client.ts';

/** What goes wrong reaches the caller as an error; knex would also print it, past the log. */
const silent: Knex.Logger = { warn() {}, error() {}, debug() {}, deprecate() {} };

/** `url`: a path (or `file:` address) of an SQLite file, made when it is not there, or `mysql://user:password@host/schema`. */
export async function openDatabase(url: string): Promise<Database> {
  const database = /^(mysql|mariadb):/.test(url) ? mysqlDatabase(url) : sqliteDatabase(url);
  try {
    if (database.dialect === 'sqlite') await mkdir(dirname(database.place), { recursive: true });
    await database.run(undefined, (db) => db.raw('select 1'));
  } catch (error) {
    await database.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new TrainyardError(
      'BadSettings',
      `The database ${database.place} cannot be opened: ${why}`,
      'Check TRAINYARD_DATABASE_URL (or TRAINYARD_DATA_FOLDER), and that the database runs and may be written.',
    );
  }
  return database;
}

function sqliteDatabase(url: string): Database {
  const filename = url.startsWith('file:') ? fileURLToPath(url) : resolve(url.replace(/^sqlite:(\/\/)?/, ''));
  const client = knex({
    client: SqliteClient as unknown as typeof Knex.Client,
    connection: { filename },
    useNullAsDefault: true,
    // Calls of the driver are synchronous: more connections in one process would only wait for each other, blocking it.
    pool: { min: 1, max: 1 },
    acquireConnectionTimeout: 60_000,
    log: silent,
  });
  return new Database(client, 'sqlite', filename);
}

function mysqlDatabase(url: string): Database {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const schema = decodeURIComponent(pathname.slice(1));
  const socketPath = searchParams.get('socket');
  const client = knex({
    client: 'mysql2',
    connection: {
      ...(socketPath ? { socketPath } : { host: hostname, port: Number(port || 3306) }),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: schema,
      charset: 'utf8mb4',
      timezone: 'Z',
      supportBigNumbers: true,
      // Sums of integers come as DECIMAL; as text they would be glued together instead of added.
      decimalNumbers: true,
      connectTimeout: 10_000,
    } as Knex.MySql2ConnectionConfig,
    pool: {
      min: 0,
      max: 10,
      afterCreate: (connection: MysqlConnection, done: (error: unknown, connection: MysqlConnection) => void) =>
        prepareSession(connection, done),
    },
    acquireConnectionTimeout: 60_000,
    log: silent,
  });
  return new Database(client, 'mysql', `${schema} on ${socketPath ?? hostname}`);
}

interface MysqlConnection {
  query(sql: string, done: (error: unknown) => void): void;
}

/**
 * READ COMMITTED: a guarded transaction sees what the one before it committed, and locks rows instead of gaps.
 * The short lock wait gives the retry with jitter its turn.
 */
function prepareSession(
  connection: MysqlConnection,
  done: (error: unknown, connection: MysqlConnection) => void,
): void {
  const settings = `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5,
    sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'`;
  connection.query(settings, (error) => {
    if (error) return done(error, connection);
    connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', (problem) => done(problem, connection));
  });
}
