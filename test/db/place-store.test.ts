import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { openDatabase } from '../../db/open-database.ts';
import { openStores } from '../../db/open-stores.ts';
import type { Claim } from '../../db/stores/place-store.ts';
import type { Holder } from '../../domain/ids.ts';
import { eachDatabase } from './each-database.ts';
import { nowMs, workspaceId } from './made-rows.ts';

eachDatabase('the yard', (bench, dialect) => {
  const places = () => bench.stores.places;
  const clouds = { next: 0 };
  /** Each test has a cloud of its own, so they do not wait for each other. */
  const newCloud = () => `cloud-${(clouds.next += 1)}`;
  const newHolder = (kind: Holder['kind'] = 'job'): Holder => ({ kind, id: randomUUID() });
  const ask = async (cloud: string, atMs: number, holder = newHolder()) => {
    await places().ask({ holder, workspaceId, cloud, nowMs: atMs });
    return holder;
  };

  test('serves who came first, and keeps the place of those who wait before', async () => {
    const cloud = newCloud();
    const [first, second, third] = [await ask(cloud, 1), await ask(cloud, 2), await ask(cloud, 3)];
    expect(await places().claim(third, 2, nowMs)).toEqual({ granted: false, ahead: 2, asked: true });
    expect(await places().claim(second, 2, nowMs)).toEqual({ granted: true, ahead: 0, asked: true });
    expect(await places().claim(third, 2, nowMs)).toMatchObject({ granted: false, ahead: 1 });
    expect(await places().claim(first, 2, nowMs)).toMatchObject({ granted: true });
    expect(await places().claim(first, 2, nowMs)).toMatchObject({ granted: true });
    expect(await places().claim(third, 2, nowMs)).toMatchObject({ granted: false, ahead: 0 });
    expect(await places().free(first)).toEqual([third]);
    expect(await places().claim(third, 2, nowMs)).toMatchObject({ granted: true });
    expect((await places().list(cloud)).map((row) => row.holder_id)).toEqual([second.id, third.id]);
  });

  test('lets a prediction go before the trainings that wait, and takes no place from one that has it', async () => {
    const cloud = newCloud();
    const [training, waits] = [await ask(cloud, 1), await ask(cloud, 2)];
    expect(await places().claim(training, 1, nowMs)).toMatchObject({ granted: true });
    const later = await ask(cloud, 4, newHolder('prediction'));
    const sooner = await ask(cloud, 3, newHolder('prediction'));
    expect(await places().claim(waits, 1, nowMs)).toEqual({ granted: false, ahead: 2, asked: true });
    expect(await places().claim(training, 1, nowMs)).toMatchObject({ granted: true });
    expect(await places().free(training)).toEqual([sooner, later, waits]);
    expect(await places().claim(waits, 1, nowMs)).toMatchObject({ granted: false, ahead: 2 });
    expect(await places().claim(sooner, 1, nowMs)).toMatchObject({ granted: true });
  });

  test('asking twice keeps the first turn', async () => {
    const cloud = newCloud();
    const early = await ask(cloud, 1);
    const late = await ask(cloud, 2);
    await ask(cloud, 9, early);
    expect(await places().claim(late, 1, nowMs)).toMatchObject({ ahead: 1 });
  });

  test('grants nothing to who never asked, or gave its turn up', async () => {
    expect(await places().claim(newHolder(), 5, nowMs)).toEqual({ granted: false, ahead: 0, asked: false });
    const holder = await ask(newCloud(), 1);
    await places().free(holder);
    expect(await places().claim(holder, 5, nowMs)).toMatchObject({ granted: false, asked: false });
  });

  test('freeing twice still says who is to be woken', async () => {
    const cloud = newCloud();
    const first = await ask(cloud, 1);
    const second = await ask(cloud, 2);
    await places().claim(first, 1, nowMs);
    expect(await places().free(first)).toEqual([second]);
    expect(await places().free(first)).toContainEqual(second);
  });

  test('keeps the clouds apart', async () => {
    const [here, there] = [newCloud(), newCloud()];
    const first = await ask(here, 1);
    const other = await ask(there, 2);
    await places().claim(first, 1, nowMs);
    expect(await places().claim(other, 1, nowMs)).toMatchObject({ granted: true });
  });

  test('grants the last place once when all claim at the same time', async () => {
    const cloud = newCloud();
    const holders = await Promise.all(Array.from({ length: 12 }, (_, index) => ask(cloud, index)));
    const claims = await Promise.all(holders.map((holder) => places().claim(holder, 3, nowMs)));
    expect(claims.filter((claim) => claim.granted)).toHaveLength(3);
    expect(claims.slice(0, 3).every((claim) => claim.granted)).toBe(true);
  });

  test('grants the last place once, though a clock that is behind lets a later one come first', async () => {
    const cloud = newCloud();
    const there = await openDatabase(bench.url);
    const claimedThere = Promise.withResolvers<Claim>();
    const first = await ask(cloud, 2);
    const late = newHolder();
    await bench.database.transaction(async (trx) => {
      expect(await places().claim(first, 1, nowMs, trx)).toMatchObject({ granted: true });
      const elsewhere = openStores(there).places;
      const order = { holder: late, workspaceId, cloud, nowMs: 1 };
      claimedThere.resolve(elsewhere.ask(order).then(() => elsewhere.claim(late, 1, nowMs)));
      await sleep(200);
    });
    expect(await claimedThere.promise).toEqual({ granted: false, ahead: 0, asked: true });
    await there.close();
  });

  test('whatever happens in whatever order: never too many, first come first served', async () => {
    const step = fc.record({ act: fc.constantFrom('ask', 'claim', 'free'), who: fc.nat(5) });
    const story = fc.record({ capacity: fc.integer({ min: 1, max: 3 }), steps: fc.array(step, { maxLength: 25 }) });
    const runs = async ({ capacity, steps }: { capacity: number; steps: { act: string; who: number }[] }) => {
      const cloud = newCloud();
      const holders = Array.from({ length: 6 }, () => newHolder());
      // The model: who waits, in order, and who has a place.
      let waiting: number[] = [];
      let granted: number[] = [];
      for (const [at, { act, who }] of steps.entries()) {
        const holder = holders[who] as Holder;
        if (act === 'ask') {
          await ask(cloud, at, holder);
          if (!waiting.includes(who) && !granted.includes(who)) waiting.push(who);
        } else if (act === 'free') {
          await places().free(holder);
          waiting = waiting.filter((other) => other !== who);
          granted = granted.filter((other) => other !== who);
        } else {
          const ahead = waiting.indexOf(who);
          const expected = granted.includes(who) || (ahead >= 0 && granted.length + ahead < capacity);
          expect((await places().claim(holder, capacity, nowMs)).granted).toBe(expected);
          if (expected && !granted.includes(who)) {
            waiting = waiting.filter((other) => other !== who);
            granted.push(who);
          }
        }
        expect(granted.length).toBeLessThanOrEqual(capacity);
      }
      const rows = await places().list(cloud);
      const inPlace = rows.filter((row) => row.granted_at_ms !== null).map((row) => row.holder_id);
      expect(new Set(inPlace)).toEqual(new Set(granted.map((who) => holders[who]?.id)));
      const inLine = rows.filter((row) => row.granted_at_ms === null).map((row) => row.holder_id);
      expect(inLine).toEqual(waiting.map((who) => holders[who]?.id));
      await Promise.all(holders.map((holder) => places().free(holder)));
    };
    await fc.assert(fc.asyncProperty(story, runs), { numRuns: dialect === 'sqlite' ? 60 : 25 });
  });
});
