import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, migrationNames } from '../../db/migrate.ts';
import { openDatabase } from '../../db/open-database.ts';
import { type Child, startChild } from './child.ts';
import { eachDatabase } from './each-database.ts';
import { madeAttempt } from './made-rows.ts';
import { tailLines } from './tail-lines.ts';

eachDatabase('several processes', (bench) => {
  const done = (children: Child[]) => Promise.all(children.map((child) => child.ended()));

  test('never hold more places than there are, and all get one in the end', async () => {
    const children = [1, 2, 3, 4].map(() => startChild('claim-places', bench.url, 'busy', '3', '8'));
    const most = (await done(children)).map(([seen]) => Number(seen));
    expect(Math.max(...most)).toBe(3);
    expect(await bench.stores.places.list('busy')).toEqual([]);
  });

  test('relay the same attempt and keep each event exactly once, in order', async () => {
    const ref = await madeAttempt(bench.stores);
    const last = 150;
    const children = [1, 2, 3, 4].map(() => startChild('relay-events', bench.url, ref.id, String(last)));
    const lost = (await done(children)).map(([times]) => Number(times));
    expect(Math.max(...lost)).toBeGreaterThan(0);
    const lines = await tailLines(bench.database, ref);
    const expected = Array.from({ length: last }, (_, index) => index + 1);
    expect(lines.map((line) => line.line)).toEqual(expected);
    expect(lines.map((line) => Number(line.text))).toEqual(expected);
    expect(await bench.stores.relays.get(ref)).toMatchObject({ seq: last });
  });

  test('go on when one is killed in the middle of its transaction, which then never was', async () => {
    const holding = startChild('hold-transaction', bench.url, 'half');
    await holding.says('holding');
    const writers = ['x', 'y', 'z'].map((name) => startChild('write-pairs', bench.url, name, '20'));
    // Let them run into the lock before its holder goes.
    await sleep(500);
    await holding.kill();
    for (const said of await done(writers)) expect(said).toHaveLength(20);
    expect(await bench.stores.workspaces.get('half')).toBeUndefined();
  });

  test('lose nothing that was committed when they are killed, and leave no half', async () => {
    const writers = ['k1', 'k2', 'k3'].map((name) => ({ name, child: startChild('write-pairs', bench.url, name) }));
    await Promise.all(writers.map(({ child }) => child.says('5')));
    for (const { child } of writers) {
      await sleep(Math.random() * 40);
      await child.kill();
    }
    const ids: string[] = await bench.database.run(undefined, (db) =>
      db('workspaces').where('workspaces.id', 'like', 'k%').pluck('workspaces.id'),
    );
    for (const { name, child } of writers) {
      const numbers = new Set(ids.filter((id) => id.startsWith(`${name}-`)).map((id) => id.split('-')[1] ?? ''));
      for (const number of numbers) {
        expect(ids).toEqual(expect.arrayContaining([`${name}-${number}-a`, `${name}-${number}-b`]));
      }
      expect([...numbers]).toEqual(expect.arrayContaining(child.said));
      // At most the one whose commit it did not live to tell.
      expect(numbers.size - child.said.length).toBeLessThanOrEqual(1);
    }
  });

  test('are killed while they migrate, and the next start finishes it', async () => {
    const url = await bench.fresh();
    for (const delayMs of [0, 4, 8, 16, 32]) {
      const child = startChild('migrate-now', url);
      await child.says('migrating');
      await sleep(delayMs);
      await child.kill();
    }
    await done([1, 2, 3].map(() => startChild('migrate-now', url)));
    const database = await openDatabase(url);
    await migrate(database);
    const names = await database.run(undefined, (db) => db('knex_migrations').orderBy('id').pluck('name'));
    expect(names).toEqual(await migrationNames());
    await database.close();
  });
});
