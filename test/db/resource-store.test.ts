import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import type { ResourceKey } from '../../db/stores/resource-store.ts';
import { totalCost } from '../../domain/money.ts';
import { eachDatabase } from './each-database.ts';
import { madeJob, nowMs } from './made-rows.ts';

eachDatabase('the ledger', (bench, dialect) => {
  const resources = () => bench.stores.resources;
  const newKey = (kind: ResourceKey['kind'] = 'machine', attempt = 1): ResourceKey => ({
    holder: { kind: 'job', id: randomUUID() },
    kind,
    attempt,
  });
  const intent = (key: ResourceKey, atMs = nowMs) => ({
    ...key,
    name: `ty-${key.holder.id}`,
    cloud: 'local',
    pricePerHourMicros: 3_600_000,
    nowMs: atMs,
  });
  const intend = (key: ResourceKey) => resources().intend(intent(key));
  const askRemoval = (key: ResourceKey, atMs = nowMs) => resources().removalAsked(intent(key, atMs));

  test('tells a thing from intent to its confirmed end', async () => {
    const key = newKey();
    expect(await intend(key)).toBe('intended');
    expect(await intend(key)).toBe('intended');
    expect(await resources().created(key, { startedAtMs: nowMs + 10 })).toBe(true);
    expect(await resources().created(key, { startedAtMs: nowMs + 99 })).toBe(true);
    expect(await resources().live()).toContainEqual(await resources().get(key));
    await askRemoval(key, nowMs + 20);
    await askRemoval(key, nowMs + 21);
    await resources().gone(key, { confirmedAtMs: nowMs + 40, endedAtMs: nowMs + 30 });
    await resources().gone(key, { confirmedAtMs: nowMs + 50, endedAtMs: nowMs + 60 });
    expect(await resources().get(key)).toMatchObject({
      state: 'gone',
      started_at_ms: nowMs + 10,
      ended_at_ms: nowMs + 30,
      removal_asked_at_ms: nowMs + 20,
      gone_confirmed_at_ms: nowMs + 40,
    });
    expect((await resources().live()).map((row) => row.holder_id)).not.toContain(key.holder.id);
  });

  test('revokes a create that comes after its removal was asked, also of what never was', async () => {
    const made = newKey();
    await intend(made);
    await askRemoval(made);
    expect(await intend(made)).toBe('revoked');
    const never = newKey();
    await askRemoval(never);
    expect(await intend(never)).toBe('revoked');
    expect(await resources().get(never)).toMatchObject({ state: 'gone', removal_asked_at_ms: nowMs });
    expect(await resources().created(never, { startedAtMs: nowMs })).toBe(false);
    const gone = newKey();
    await intend(gone);
    await resources().gone(gone, { confirmedAtMs: nowMs });
    expect(await intend(gone)).toBe('revoked');
  });

  test('opens again what stands although it was called gone, until it is confirmed anew', async () => {
    const key = newKey();
    await intend(key);
    await resources().gone(key, { confirmedAtMs: nowMs });
    await resources().stands(key, { nowMs: nowMs + 10 });
    expect(await resources().live()).toContainEqual(await resources().get(key));
    expect(await intend(key)).toBe('revoked');
    await resources().stands(key, { nowMs: nowMs + 20 });
    await resources().gone(key, { confirmedAtMs: nowMs + 40 });
    expect(await resources().get(key)).toMatchObject({
      ...{ state: 'gone', removal_asked_at_ms: nowMs + 10, gone_confirmed_at_ms: nowMs + 40 },
    });
  });

  test('shows what does not go away, with why', async () => {
    const job = await madeJob(bench.stores);
    const key: ResourceKey = { holder: job, kind: 'bucket', attempt: 0 };
    await intend(key);
    await askRemoval(key, 1000);
    await resources().problem(key, 'The cloud does not answer.');
    expect((await bench.stores.jobs.find(job.id))?.version).toBe(2);
    expect(await resources().get(key)).toMatchObject({
      removal_asked_at_ms: 1000,
      last_problem: 'The cloud does not answer.',
    });
    await resources().gone(key, { confirmedAtMs: 2000 });
    expect(await resources().get(key)).toMatchObject({ state: 'gone', last_problem: null });
  });

  test('counts money by the times of the cloud', async () => {
    const holder = { kind: 'job', id: randomUUID() } as const;
    const [ran, runs, unsaid, never] = [1, 2, 3, 4].map(
      (attempt): ResourceKey => ({ holder, kind: 'machine', attempt }),
    );
    for (const key of [ran, runs, unsaid, never]) await intend(key!);
    await resources().created(ran!, { startedAtMs: nowMs });
    await resources().gone(ran!, { confirmedAtMs: nowMs + 9_000, endedAtMs: nowMs + 5_000 });
    await resources().created(runs!, { startedAtMs: nowMs + 10_000 });
    await resources().created(unsaid!, { startedAtMs: null });
    await resources().gone(never!, { confirmedAtMs: nowMs });
    const intervals = await resources().intervals(holder);
    const pricePerHourMicros = 3_600_000;
    expect(intervals).toEqual([
      { pricePerHourMicros, fromMs: nowMs, toMs: nowMs + 5_000 },
      { pricePerHourMicros, fromMs: nowMs + 10_000, toMs: null },
      { pricePerHourMicros, fromMs: nowMs, toMs: null },
    ]);
    expect(totalCost(intervals, nowMs + 11_000)).toBe(5_000 + 1_000 + 11_000);
    expect(await resources().ofHolder(holder)).toHaveLength(4);
    expect(await resources().isEmpty()).toBe(false);
  });

  test('of an intent and a removal at the same time, the removal always wins in the end', async () => {
    for (let round = 0; round < 10; round += 1) {
      const key = newKey();
      const [answer] = await Promise.all([intend(key), askRemoval(key)]);
      expect(await intend(key)).toBe('revoked');
      const row = await resources().get(key);
      // Either the create went first and is live until it is confirmed gone, or it was refused.
      expect(row?.state).toBe(answer === 'intended' ? 'intended' : 'gone');
    }
  });

  test('whatever is called in whatever order: once removal is asked or gone is seen, nothing may be made', async () => {
    const act = fc.constantFrom('intend', 'created', 'askRemoval', 'gone', 'stands', 'problem');
    const runs = async (acts: string[]) => {
      const key = newKey();
      let revoked = false;
      let existing = false;
      for (const [at, name] of acts.entries()) {
        if (name === 'intend') {
          expect(await intend(key)).toBe(revoked ? 'revoked' : 'intended');
          existing = true;
        } else if (name === 'askRemoval') {
          await askRemoval(key);
          revoked = true;
          existing = true;
        } else if (name === 'gone') {
          await resources().gone(key, { confirmedAtMs: nowMs + at });
          revoked ||= existing;
        } else if (name === 'stands') await resources().stands(key, { nowMs });
        else if (name === 'created') await resources().created(key, { startedAtMs: nowMs });
        else await resources().problem(key, 'x');
      }
      const row = await resources().get(key);
      expect(row !== undefined).toBe(existing);
      if (row?.gone_confirmed_at_ms) expect(row.state).toBe('gone');
    };
    const numRuns = dialect === 'sqlite' ? 80 : 30;
    await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 8 }), runs), { numRuns });
  });
});
