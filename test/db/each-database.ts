import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../db/database.ts';
import { migrate } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores, type Stores } from '../../db/open-stores.ts';
import { type MariadbServer, noMariadb, startMariadb } from './mariadb-server.ts';

interface House {
  /** Address of a database that nobody used yet. */
  fresh(): Promise<string>;
  stop(): Promise<void>;
}

/** What a suite works with: filled in before its first test. */
export interface Bench {
  url: string;
  database: Database;
  stores: Stores;
  fresh(): Promise<string>;
}

async function sqliteHouse(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'ty-db-'));
  let files = 0;
  return {
    fresh: async () => join(folder, `${(files += 1)}.sqlite`),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function mariadbHouse(): Promise<House> {
  const server: MariadbServer = await startMariadb();
  return { fresh: () => server.newSchema(), stop: () => server.stop() };
}

/** The same suite on SQLite and on a real MariaDB (or MySQL), each in a fresh, migrated database. */
export function eachDatabase(name: string, suite: (bench: Bench, dialect: 'sqlite' | 'mysql') => void): void {
  suiteOn(`${name} on SQLite`, sqliteHouse, (bench) => suite(bench, 'sqlite'));
  if (noMariadb) {
    process.stderr.write(`SKIPPED: ${name} on MariaDB: ${noMariadb}\n`);
    describe.skip(`${name} on MariaDB: ${noMariadb}`, () => suite({} as Bench, 'mysql'));
  } else {
    suiteOn(`${name} on MariaDB`, mariadbHouse, (bench) => suite(bench, 'mysql'));
  }
}

function suiteOn(name: string, open: () => Promise<House>, suite: (bench: Bench) => void): void {
  // oxlint-disable-next-line jest/valid-title
  describe(name, () => {
    const bench = {} as Bench;
    let house: House | undefined;
    beforeAll(async () => {
      house = await open();
      bench.fresh = house.fresh;
      bench.url = await house.fresh();
      bench.database = await openDatabase(bench.url);
      await migrate(bench.database);
      bench.stores = openStores(bench.database);
    }, 60_000);
    afterAll(async () => {
      await bench.database?.close();
      await house?.stop();
    });
    suite(bench);
  });
}
