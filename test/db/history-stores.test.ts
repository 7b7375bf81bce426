import type { EventOf } from '../../domain/event.ts';
import { eachDatabase } from './each-database.ts';
import { madeAttempt, madeJob, nowMs, openAttempt } from './made-rows.ts';

eachDatabase('attempts and the timeline', (bench) => {
  const stores = () => bench.stores;
  const versionOf = async (id: string) => (await stores().jobs.find(id))?.version;

  test('an attempt is opened once and ends for its first reason', async () => {
    const ref = await madeAttempt(stores());
    await stores().attempts.started(ref, nowMs);
    await openAttempt(stores(), ref);
    await stores().attempts.started(ref, nowMs + 1);
    await stores().attempts.ended(ref, nowMs + 5, 'The machine was lost.');
    await stores().attempts.ended(ref, nowMs + 6, 'other');
    await stores().attempts.setDeadline(ref, nowMs + 9);
    const row = await stores().attempts.get(ref);
    expect(row).toMatchObject({
      started_at_ms: nowMs,
      ended_at_ms: nowMs + 5,
      ended_because: 'The machine was lost.',
      deadline_at_ms: nowMs + 9,
      limited_by: 'time',
      spot: 0,
      price_per_hour_micros: 3_600_000,
      price_list_date: '2026-11-01',
    });
    await openAttempt(stores(), { ...ref, attempt: 2 });
    expect((await stores().attempts.list(ref)).map((attempt) => attempt.attempt)).toEqual([1, 2]);
    expect(await versionOf(ref.id)).toBe(9);
  });

  test('the latest hello and heartbeat stand until later ones come', async () => {
    const ref = await madeAttempt(stores());
    const hello: EventOf<'hello'> = {
      type: 'hello',
      seq: 1,
      atMs: nowMs,
      runnerVersion: '1',
      host: 'h',
      cpus: 2,
      memoryBytes: 1,
      gpus: [],
    };
    await stores().attempts.heard(ref, { atMs: nowMs, hello });
    await stores().attempts.heard(ref, { atMs: nowMs + 1 });
    const row = await stores().attempts.get(ref);
    expect(JSON.parse(row?.hello_json ?? '')).toEqual(hello);
    expect(row).toMatchObject({ last_heard_at_ms: nowMs + 1, heartbeat_json: null });
  });

  test('the timeline tells each thing once, in the order in which it was told', async () => {
    const holder = await madeJob(stores());
    const add = (dedupeKey: string, text = dedupeKey) =>
      stores().timeline.add({ holder, kind: 'note', phase: 'queued', attempt: 0, text, dedupeKey, atMs: nowMs });
    expect(await add('one')).toBe(true);
    expect(await add('two')).toBe(true);
    expect(await add('one', 'again')).toBe(false);
    const rows = await stores().timeline.list(holder);
    expect(rows.map((row) => row.text)).toEqual(['one', 'two']);
    expect((await stores().timeline.list(holder, rows[0]?.id)).map((row) => row.text)).toEqual(['two']);
    expect(await versionOf(holder.id)).toBe(3);
  });

  test('who reads the timeline by the last id it saw misses nothing, though many write', async () => {
    const holder = await madeJob(stores());
    const seen: string[] = [];
    let lastId = 0;
    let writing = true;
    const read = async () => {
      for (let more = true; more; ) {
        more = writing;
        for (const row of await stores().timeline.list(holder, lastId)) {
          seen.push(row.dedupe_key);
          lastId = row.id;
        }
      }
    };
    const write = async (writer: number) => {
      for (let n = 0; n < 25; n += 1) {
        const dedupeKey = `${writer}.${n}`;
        await stores().timeline.add({ holder, kind: 'note', attempt: 0, text: 'x', dedupeKey, atMs: nowMs });
      }
    };
    const reading = read();
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write));
    writing = false;
    await reading;
    expect(new Set(seen).size).toBe(200);
  });
});
