import { randomUUID } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { migrate, migrationNames } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';
import { tableOf } from '../../db/holder-version.ts';
import { eachDatabase } from './each-database.ts';
import { nowMs } from './made-rows.ts';

eachDatabase('migrations', (bench, dialect) => {
  const opened: Database[] = [];
  const open = async (url: string) => {
    const database = await openDatabase(url);
    opened.push(database);
    return database;
  };
  afterAll(() => Promise.all(opened.map((database) => database.close())));

  const done = (database: Database) =>
    database.run(undefined, (db) => db('knex_migrations').orderBy('id').pluck('name')) as Promise<string[]>;

  test('run once each, in order, also when several start at the same time', async () => {
    const url = await bench.fresh();
    const databases = await Promise.all([1, 2, 3].map(() => open(url)));
    await Promise.all(databases.map(migrate));
    expect(await done(databases[0]!)).toEqual(await migrationNames());
  });

  test('go on where a killed process left its lock behind', async () => {
    const database = await open(await bench.fresh());
    await migrate(database);
    await database.run(undefined, (db) => db('knex_migrations_lock').update({ is_locked: 1 }));
    await database.run(undefined, (db) => db('knex_migrations').where('name', 'like', '0035-%').delete());
    await migrate(database);
    expect(await done(database)).toEqual(await migrationNames());
  });

  test('may be repeated each, as when the process died before it noted that one was done', async () => {
    const database = await open(await bench.fresh());
    await migrate(database);
    await database.run(undefined, (db) => db('knex_migrations').delete());
    await migrate(database);
    expect(await done(database)).toEqual(await migrationNames());
  });

  test('refuse a database of a newer version in one sentence, and change nothing', async () => {
    const database = await open(await bench.fresh());
    await migrate(database);
    const newer = { name: '9999-of-tomorrow', batch: 9, migration_time: new Date(nowMs) };
    await database.run(undefined, (db) => db('knex_migrations').insert(newer));
    await expect(migrate(database)).rejects.toMatchObject({
      name: 'TrainyardError',
      type: 'BadSettings',
      message: expect.stringMatching(
        /newer version of Trainyard \(it has 9999-of-tomorrow, this version ends at \d{4}-/,
      ),
      hint: expect.stringContaining('TRAINYARD_DATA_FOLDER'),
    });
    expect(await done(database)).toHaveLength((await migrationNames()).length + 1);
  });

  test('can be taken back, all of them', async () => {
    const database = await open(await bench.fresh());
    await migrate(database);
    for (const name of (await migrationNames()).toReversed()) {
      const { down } = await import(`../../db/migrations/${name}.ts`);
      await database.run(undefined, (db) => down(db));
    }
    for (const table of Object.values(tableOf)) {
      expect(await database.run(undefined, (db) => db.schema.hasTable(table))).toBe(false);
    }
  });

  test('make tables that compare text byte by byte and keep any character', async () => {
    const stores = openStores(bench.database);
    const name = 'Äpfel \u{1F34E} 你好';
    for (const id of ['a', 'A', 'ä']) await stores.workspaces.ensure({ id, name, time_zone: 'UTC' });
    expect(await stores.workspaces.get('A')).toEqual({ id: 'A', name, time_zone: 'UTC' });
    expect(await stores.workspaces.get('Ä')).toBeUndefined();
  });

  test('make one installation, whoever comes first', async () => {
    const url = await bench.fresh();
    const databases = await Promise.all([open(url), open(url)]);
    await migrate(databases[0]);
    const ids = [randomUUID(), randomUUID()];
    const ensured = await Promise.all(
      databases.map((database, index) => openStores(database).installation.ensure(ids[index]!, 5)),
    );
    expect(ensured[0]).toEqual(ensured[1]);
    expect(ids).toContain(ensured[0]?.id);
    const { installation } = openStores(databases[0]);
    await installation.markRestored(7);
    expect(await installation.get()).toMatchObject({ restored_at_ms: 7, created_at_ms: 5 });
    expect((await installation.get())?.schema_version).toBe((await migrationNames()).length);
  });

  if (dialect === 'sqlite') {
    test('find the file in WAL mode, with foreign keys on', async () => {
      const pragma = async (name: string) =>
        (await bench.database.run(undefined, (db) => db.raw(`pragma ${name}`)))[0][name];
      expect(await pragma('journal_mode')).toBe('wal');
      expect(await pragma('synchronous')).toBe(1);
      expect(await pragma('foreign_keys')).toBe(1);
    });
  } else {
    test('find a session that reads what is committed, in UTC, strictly', async () => {
      const [[session]] = await bench.database.run(undefined, (db) =>
        db.raw('select @@session.time_zone as zone, @@session.sql_mode as mode'),
      );
      // MySQL 8 and MariaDB call it by different names.
      const [[isolation]] = await bench.database.run(undefined, (db) =>
        db.raw(`show session variables where variable_name in ('tx_isolation', 'transaction_isolation')`),
      );
      expect(isolation.Value).toBe('READ-COMMITTED');
      expect(session.zone).toBe('+00:00');
      expect(session.mode).toContain('STRICT_TRANS_TABLES');
    });
  }
});

test('a database that cannot be opened is one clear sentence', async () => {
  await expect(openDatabase('/dev/null/no/trainyard.sqlite')).rejects.toMatchObject({ type: 'BadSettings' });
  await expect(openDatabase('mysql://nobody:secret@127.0.0.1:1/none')).rejects.toMatchObject({
    type: 'BadSettings',
    message: expect.stringMatching(/^The database none on 127\.0\.0\.1 cannot be opened: (?!.*secret)/),
  });
});
