import type { RelayCommit } from '../../db/stores/relay-store.ts';
import type { StoredLine } from '../../db/stores/log-store.ts';
import type { EventOf } from '../../domain/event.ts';
import type { AttemptRef } from '../../domain/ids.ts';
import { eachDatabase } from './each-database.ts';
import { madeAttempt, madeJob, nowMs, openAttempt } from './made-rows.ts';
import { tailLines } from './tail-lines.ts';

const line = (text: string, attempt = 1): StoredLine => [nowMs, 'o', attempt, text];

const metric = (seq: number, given: Partial<EventOf<'metric'>> = {}): EventOf<'metric'> => ({
  type: 'metric',
  seq,
  atMs: nowMs,
  name: 'loss',
  step: seq,
  value: 1 / seq,
  unit: null,
  higherIsBetter: false,
  ...given,
});

const leaderboardEvent = (seq: number, model: string): EventOf<'leaderboard'> => ({
  type: 'leaderboard',
  seq,
  atMs: nowMs,
  model,
  metric: 'log_loss',
  higherIsBetter: false,
  validation: 0.25,
  interval: 0.02,
  low: 0.235,
  high: 0.275,
  fitSeconds: 1.5,
  predictMsPer1000: 3,
  baseline: false,
  secondsUsed: 2,
  secondsLeft: 8,
});

const heartbeat: EventOf<'heartbeat'> = {
  type: 'heartbeat',
  seq: 1,
  atMs: nowMs,
  cpuPercent: 50,
  memoryUsedBytes: 1,
  memoryTotalBytes: 2,
  diskUsedBytes: 3,
  diskTotalBytes: 4,
  gpus: [],
};

const finished: EventOf<'finished'> = {
  type: 'finished',
  seq: 9,
  atMs: nowMs,
  why: 'completed',
  hasResult: true,
  sentence: 'Done.',
};

eachDatabase('a relay', (bench, dialect) => {
  const relays = () => bench.stores.relays;
  const commit = (ref: AttemptRef, epoch: string, from: number, to: number, given: Partial<RelayCommit> = {}) =>
    relays().commit({ ref, epoch, expectedSeq: from, newSeq: to, heardAtMs: nowMs, ...given });
  const versionOf = async (ref: AttemptRef) => (await bench.stores.jobs.find(ref.id))?.version ?? 0;

  test('begins where the one before it came to', async () => {
    const ref = await madeAttempt(bench.stores);
    expect(await relays().begin(ref, 'one')).toEqual({ seq: 0, terminal: null });
    await commit(ref, 'one', 0, 7);
    expect(await relays().begin(ref, 'two')).toEqual({ seq: 7, terminal: null });
    await commit(ref, 'two', 7, 9, { terminal: finished });
    expect(await relays().begin(ref, 'three')).toEqual({ seq: 9, terminal: finished });
  });

  test('keeps everything that a batch says, in one go', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    const before = await versionOf(ref);
    await commit(ref, 'e', 0, 8, {
      firstHeardAtMs: nowMs,
      logLines: [line('one'), [nowMs, 'e', 1, 'zwei \u0000 \u{1F34E} \ud800']],
      metrics: [metric(3), metric(4, { value: null, higherIsBetter: true, unit: 's' })],
      leaderboard: [leaderboardEvent(5, 'forest')],
      heartbeat,
      progress: { type: 'progress', seq: 6, atMs: nowMs, fraction: 0.5, secondsLeft: 10, sentence: 'Half.' },
    });
    expect(await versionOf(ref)).toBe(before + 1);
    expect(await tailLines(bench.database, ref)).toEqual([
      { line: 1, atMs: nowMs, stream: 'o', attempt: 1, text: 'one' },
      { line: 2, atMs: nowMs, stream: 'e', attempt: 1, text: 'zwei \u0000 \u{1F34E} \ud800' },
    ]);
    const metrics = await bench.stores.metrics.list(ref.id);
    expect(metrics).toMatchObject([
      { seq: 3, step: 3, value: 1 / 3, higher_is_better: 0, unit: null },
      { seq: 4, value: null, higher_is_better: 1, unit: 's' },
    ]);
    expect(await bench.stores.metrics.list(ref.id, metrics[0]?.id)).toHaveLength(1);
    const [row] = await bench.stores.leaderboard.list(ref.id);
    expect(JSON.parse(row?.event_json ?? '')).toEqual(leaderboardEvent(5, 'forest'));
    const [attempt] = await bench.stores.attempts.list(ref);
    expect(attempt?.last_heard_at_ms).toBe(nowMs);
    expect(JSON.parse(attempt?.heartbeat_json ?? '')).toEqual(heartbeat);
    expect(JSON.parse((await bench.stores.jobs.find(ref.id))?.progress_json ?? '')).toMatchObject({ fraction: 0.5 });
    expect(await relays().get(ref)).toMatchObject({ seq: 8, first_heard_at_ms: nowMs, terminal_json: null });
  });

  test('remembers the newest checkpoint, which the next attempt begins with', async () => {
    const ref = await madeAttempt(bench.stores);
    const { attempts } = bench.stores;
    const saved = (seq: number) =>
      ({ type: 'checkpoint', seq, atMs: nowMs, label: `epoch ${seq}`, object: 'checkpoints/latest.json' }) as const;
    await relays().begin(ref, 'e');
    expect(await attempts.checkpointBefore(ref)).toBeUndefined();
    await commit(ref, 'e', 0, 1, { checkpoint: saved(1) });
    await commit(ref, 'e', 1, 2, { checkpoint: saved(2) });
    await commit(ref, 'e', 2, 3, { heartbeat });
    expect(await attempts.checkpointBefore(ref)).toEqual(saved(2));
    expect(await attempts.checkpointBefore({ ...ref, attempt: 2 })).toEqual(saved(2));
  });

  test('does not raise the version for log lines alone', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    const before = await versionOf(ref);
    await commit(ref, 'e', 0, 1, { logLines: [line('only')] });
    expect(await versionOf(ref)).toBe(before);
  });

  test('writes nothing once another has taken over', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'old');
    await relays().begin(ref, 'new');
    const late = commit(ref, 'old', 0, 1, { logLines: [line('late')], metrics: [metric(1)], heartbeat });
    await expect(late).rejects.toMatchObject({ name: 'TrainyardError', type: 'RelaySuperseded' });
    expect(await bench.stores.log.stats(ref)).toMatchObject({ lines: 0 });
    expect(await bench.stores.metrics.list(ref.id)).toEqual([]);
    expect(await relays().get(ref)).toMatchObject({ seq: 0, epoch: 'new' });
  });

  test('writes a batch once, though it is sent twice', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    await commit(ref, 'e', 0, 1, { logLines: [line('once')] });
    await commit(ref, 'e', 0, 1, { logLines: [line('once')] });
    expect(await bench.stores.log.stats(ref)).toMatchObject({ lines: 1 });
    await expect(commit(ref, 'e', 0, 5)).rejects.toMatchObject({ type: 'Bug' });
  });

  test('writes all of a batch or nothing', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    const twice = commit(ref, 'e', 0, 2, { logLines: [line('x')], metrics: [metric(1), metric(1)] });
    await expect(twice).rejects.toThrow();
    expect(await bench.stores.log.stats(ref)).toMatchObject({ lines: 0 });
    expect(await relays().get(ref)).toMatchObject({ seq: 0 });
  });

  test('numbers the lines of all attempts and of Trainyard itself 1, 2, 3 …, also at the same time', async () => {
    const job = await madeJob(bench.stores);
    const refs = [1, 2].map((attempt): AttemptRef => ({ ...job, attempt }));
    for (const ref of refs) {
      await openAttempt(bench.stores, ref);
      await relays().begin(ref, 'e');
    }
    const talk = async (ref: AttemptRef) => {
      for (let seq = 0; seq < 10; seq += 1) {
        const logLines = [line(`${ref.attempt}.${seq}a`, ref.attempt), line(`${ref.attempt}.${seq}b`, ref.attempt)];
        await commit(ref, 'e', seq, seq + 1, { logLines });
      }
    };
    const platform = async () => {
      for (let n = 0; n < 10; n += 1) {
        await bench.stores.log.appendPlatformLines(job, [{ atMs: nowMs, attempt: 0, text: `p${n}` }]);
      }
    };
    await Promise.all([...refs.map(talk), platform()]);
    const lines = await tailLines(bench.database, job);
    expect(lines.map((found) => found.line)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    for (const attempt of [0, 1, 2]) {
      const texts = lines.filter((found) => found.attempt === attempt).map((found) => found.text);
      expect(texts).toEqual(texts.toSorted());
      expect(new Set(texts).size).toBe(attempt === 0 ? 10 : 20);
    }
  });

  test('is not stopped by names that no column holds', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    const long = 'ä'.repeat(400);
    const metrics = Array.from({ length: 500 }, (_, index) => metric(index + 1, { name: long, unit: long }));
    await commit(ref, 'e', 0, 501, { metrics, leaderboard: [leaderboardEvent(501, long)] });
    expect(await bench.stores.metrics.list(ref.id)).toHaveLength(500);
  });

  test('keeps what a prediction says, too', async () => {
    const job = await madeJob(bench.stores);
    const ref: AttemptRef = { kind: 'prediction', id: job.id, attempt: 1 };
    await relays().begin(ref, 'e');
    await commit(ref, 'e', 0, 1, { logLines: [line('scoring')] });
    expect(await bench.stores.log.stats(ref)).toMatchObject({ lines: 1 });
    expect(await bench.stores.log.stats(job)).toMatchObject({ lines: 0 });
  });

  test('takes 5,000 lines in one commit in a blink', async () => {
    const ref = await madeAttempt(bench.stores);
    await relays().begin(ref, 'e');
    const logLines = Array.from({ length: 5000 }, (_, index) => line(`${index} ${'x'.repeat(90)}`));
    const times: number[] = [];
    for (let seq = 0; seq < 7; seq += 1) {
      const started = performance.now();
      await commit(ref, 'e', seq, seq + 1, { logLines });
      times.push(performance.now() - started);
    }
    // The fastest: what it costs, not what else the machine had to do.
    expect(Math.min(...times)).toBeLessThan(dialect === 'sqlite' ? 30 : 150);
    expect(await bench.stores.log.stats(ref)).toMatchObject({ lines: 35_000 });
  });
});
