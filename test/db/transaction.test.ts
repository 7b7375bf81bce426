import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Trx } from '../../db/database.ts';
import { openDatabase } from '../../db/open-database.ts';
import { explained, isBusy } from '../../db/database-errors.ts';
import { eachDatabase } from './each-database.ts';

eachDatabase('a transaction', (bench, dialect) => {
  const database = () => bench.database;
  const opened: Database[] = [];
  const open = async (url: string) => {
    const other = await openDatabase(url);
    opened.push(other);
    return other;
  };
  afterEach(() => Promise.all(opened.splice(0).map((other) => other.close())));
  const ensure = (id: string) => ({ id, name: id, time_zone: 'UTC' });

  test('is all or nothing', async () => {
    const failed = database().transaction(async (trx) => {
      await bench.stores.workspaces.ensure(ensure('lost'), trx);
      throw new Error('on purpose');
    });
    await expect(failed).rejects.toThrow('on purpose');
    expect(await bench.stores.workspaces.get('lost')).toBeUndefined();
  });

  test('is a part of the one it is given', async () => {
    await database().transaction(async (outer) => {
      await database().transaction((trx) => bench.stores.workspaces.ensure(ensure('inner'), trx), outer);
      expect(await bench.stores.workspaces.get('inner', outer)).toBeDefined();
    });
    expect(await bench.stores.workspaces.get('inner')).toBeDefined();
  });

  test('fails at once when a query inside forgot its trx', async () => {
    const forgetful = database().transaction(async () => bench.stores.workspaces.get('x'));
    await expect(forgetful).rejects.toMatchObject({ type: 'Bug' });
    const nested = database().transaction(async () => database().transaction(async () => 1));
    await expect(nested).rejects.toMatchObject({ type: 'Bug' });
  });

  test('goes on after a duplicate inside it', async () => {
    const row = { id: 'twice', name: 'x', time_zone: 'UTC' };
    const added = await database().transaction(async (trx) => [
      await database().insertOnce('workspaces', row, trx),
      await database().insertOnce('workspaces', row, trx),
      await database().insertOnce('workspaces', { ...row, id: 'after' }, trx),
    ]);
    expect(added).toEqual([true, false, true]);
    expect(await bench.stores.workspaces.get('after')).toBeDefined();
  });

  test('tells a duplicate from another error', async () => {
    await expect(database().insertOnce('workspaces', { id: 'no-name' })).rejects.toThrow();
  });

  test('counts as changed what it found, not what differs', async () => {
    await bench.stores.workspaces.ensure(ensure('same'));
    const changed = await database().run(undefined, (db) =>
      db('workspaces').where('workspaces.id', 'same').update({ time_zone: 'UTC' }),
    );
    expect(changed).toBe(1);
  });

  test('waits for another that holds the lock, without blocking this process', async () => {
    const other = await open(bench.url);
    await bench.stores.workspaces.ensure(ensure('held'));
    const rename = async (trx: Trx, name: string) => {
      await trx('workspaces').where('workspaces.id', 'held').update({ name });
    };
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = other.transaction(async (trx) => {
      await rename(trx, 'first');
      held.resolve();
      await release.promise;
    });
    await held.promise;
    let waited = false;
    const waiting = database()
      .transaction((trx) => rename(trx, 'second'))
      .then(() => (waited = true));
    let longestGapMs = 0;
    for (let last = Date.now(), until = last + 600; last < until; ) {
      await sleep(5);
      longestGapMs = Math.max(longestGapMs, Date.now() - last);
      last = Date.now();
    }
    const waitedSoFar = waited;
    release.resolve();
    await holding;
    await waiting;
    expect(waitedSoFar).toBe(false);
    expect(longestGapMs).toBeLessThan(250);
    expect(await bench.stores.workspaces.get('held')).toMatchObject({ name: 'second' });
  });

  test('is repeated as a whole when it lost a race', async () => {
    let tries = 0;
    const result = await database().transaction(async () => {
      tries += 1;
      const lost = dialect === 'sqlite' ? { code: 'SQLITE_BUSY_SNAPSHOT' } : { errno: 1213 };
      if (tries < 3) throw Object.assign(new Error('lost'), lost);
      return 'won';
    });
    expect([result, tries]).toEqual(['won', 3]);
  });

  if (dialect === 'mysql') {
    test('survives a real deadlock', async () => {
      for (const id of ['left', 'right']) await bench.stores.workspaces.ensure(ensure(id));
      let tries = 0;
      const both = (first: string, second: string) =>
        database().transaction(async (trx) => {
          tries += 1;
          await trx('workspaces').where('workspaces.id', first).update({ name: second });
          await sleep(100);
          await trx('workspaces').where('workspaces.id', second).update({ name: first });
        });
      await Promise.all([both('left', 'right'), both('right', 'left')]);
      expect(tries).toBeGreaterThan(2);
    });

    test('says that the database is away when its connection is lost, and goes on with another', async () => {
      const cut = database().transaction(async (trx) => {
        const [[{ id }]] = await trx.raw('select connection_id() as id');
        await bench.stores.workspaces.ensure(ensure('cut'), trx);
        const other = await open(bench.url);
        await other.run(undefined, (db) => db.raw('kill ?', [id]));
        await bench.stores.workspaces.get('cut', trx);
      });
      // Noticed by the server's word or by a socket that is closed already, as it happens.
      await expect(cut).rejects.toMatchObject({ type: 'DatabaseUnavailable' });
      expect(await bench.stores.workspaces.get('cut')).toBeUndefined();
    });

    test('knows a connection that the driver found dead', () => {
      const found = new Error("Can't add new command when connection is in closed state");
      expect(explained(found)).toMatchObject({ type: 'DatabaseUnavailable', cause: found });
    });
  } else {
    test('leaves the connection usable when the disk is full', async () => {
      const other = await open(await bench.fresh());
      await other.run(undefined, (db) => db.raw('create table big (body text)'));
      await other.run(undefined, (db) => db.raw('pragma max_page_count = 20'));
      const body = 'x'.repeat(20_000);
      const fill = () =>
        other.transaction(async (trx) => {
          for (let n = 0; n < 100; n += 1) await trx('big').insert({ body });
        });
      await expect(fill()).rejects.toMatchObject({ type: 'DiskFull', cause: { code: 'SQLITE_FULL' } });
      await expect(fill()).rejects.toMatchObject({ type: 'DiskFull', cause: { code: 'SQLITE_FULL' } });
      await other.transaction(async (trx) => trx('big').insert({ body: 'fits' }));
      expect(await other.run(undefined, (db) => db('big').pluck('body'))).toEqual(['fits']);
    });

    test('leaves the connection usable when COMMIT fails', async () => {
      const other = await open(await bench.fresh());
      await other.run(undefined, (db) => db.raw('create table parent (id integer primary key)'));
      await other.run(undefined, (db) =>
        db.raw('create table child (id integer references parent (id) deferrable initially deferred)'),
      );
      const orphan = other.transaction(async (trx) => trx('child').insert({ id: 1 }));
      await expect(orphan).rejects.toMatchObject({ code: expect.stringMatching(/^SQLITE_CONSTRAINT/) });
      await other.transaction(async (trx) => trx('parent').insert({ id: 1 }));
      expect(await other.run(undefined, (db) => db('child').pluck('id'))).toEqual([]);
      expect(await other.run(undefined, (db) => db('parent').pluck('id'))).toEqual([1]);
    });
  }
});

test('what is nobody’s bug is told from what is', () => {
  expect(explained({ code: 'ECONNREFUSED' })).toMatchObject({ type: 'DatabaseUnavailable' });
  expect(explained({ code: 'SQLITE_BUSY', message: 'database is locked' })).toMatchObject({
    type: 'DatabaseUnavailable',
    message: 'The database does not answer: database is locked',
  });
  expect(explained({ errno: 1021 })).toMatchObject({ type: 'DiskFull' });
  const bug = new Error('no such column');
  expect(explained(bug)).toBe(bug);
});

test('only what may succeed later counts as busy', () => {
  expect(isBusy({ code: 'SQLITE_BUSY' })).toBe(true);
  expect(isBusy({ code: 'SQLITE_FULL' })).toBe(false);
  expect(isBusy({ errno: 1205 })).toBe(true);
  expect(isBusy({ errno: 1062 })).toBe(false);
  expect(isBusy(undefined)).toBe(false);
});
