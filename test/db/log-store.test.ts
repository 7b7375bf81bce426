import type { StoredLine } from '../../db/stores/log-store.ts';
import type { Holder } from '../../domain/ids.ts';
import { eachDatabase } from './each-database.ts';
import { madeJob, nowMs } from './made-rows.ts';
import { tailLines } from './tail-lines.ts';

eachDatabase('a log', (bench) => {
  const log = () => bench.stores.log;
  const tail = (holder: Holder, from?: number) => tailLines(bench.database, holder, from);

  const lines = (from: number, to: number): StoredLine[] =>
    Array.from({ length: to - from + 1 }, (_, index) => [nowMs, 'o', 1, `line ${from + index}`]);

  /** Rows of the given sizes, whose texts tell their numbers. */
  async function written(...sizes: number[]): Promise<Holder> {
    const job = await madeJob(bench.stores);
    let next = 1;
    for (const size of sizes) {
      await log().append(job, lines(next, next + size - 1));
      next += size;
    }
    return job;
  }

  const numbers = async (found: Promise<{ line: number; text: string }[]>) =>
    (await found).map(({ line, text }) => {
      expect(text).toBe(`line ${line}`);
      return line;
    });

  test('is read on from any line', async () => {
    const job = await written(3, 1, 4, 2);
    expect(await numbers(tail(job))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await numbers(tail(job, 3))).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await numbers(tail(job, 10))).toEqual([10]);
    expect(await numbers(tail(job, 11))).toEqual([]);
  });

  test('moves its oldest rows into a chunk, once, without a line too many or too few', async () => {
    const job = await written(3, 4, 2);
    const before = await log().stats(job);
    expect(before).toEqual({ lines: 9, bytes: 9 * 'line 1\n'.length, tailFirstLine: 1 });
    expect(await log().compactable(job, { minLines: 10 })).toBeUndefined();
    const found = await log().compactable(job, { minLines: 10, force: true });
    expect(found).toMatchObject({ firstLine: 1, lineCount: 9, bytes: before.bytes });
    expect(found?.lines).toEqual(lines(1, 9));

    const chunk = { firstLine: 1, lineCount: 7, bytes: 49, object: 'logs/job-x/1.jsonl.gz' };
    expect(await log().replaceByChunk(job, chunk)).toBe(true);
    expect(await log().replaceByChunk(job, chunk)).toBe(false);
    expect(await log().chunks(job)).toMatchObject([{ first_line: 1, line_count: 7, object: chunk.object }]);
    expect(await numbers(tail(job))).toEqual([8, 9]);
    expect(await log().stats(job)).toEqual({ ...before, tailFirstLine: 8 });
  });

  test('goes on counting after everything went into chunks', async () => {
    const job = await written(5);
    await log().replaceByChunk(job, { firstLine: 1, lineCount: 5, bytes: 35, object: 'o' });
    expect(await log().append(job, lines(6, 7))).toBe(6);
    expect(await numbers(tail(job, 6))).toEqual([6, 7]);
  });

  test('refuses a chunk that cuts a row or that covers what is not there', async () => {
    const job = await written(3, 3);
    for (const [firstLine, lineCount] of [
      [1, 4],
      [2, 5],
      [1, 9],
      [4, 1],
    ] as const) {
      const wrong = log().replaceByChunk(job, { firstLine, lineCount, bytes: 1, object: 'o' });
      await expect(wrong).rejects.toMatchObject({ type: 'Bug' });
    }
    expect(await numbers(tail(job))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('loses and doubles no line when lines come while others move', async () => {
    const job = await written(1);
    const write = async () => {
      for (let next = 2; next <= 60; next += 1) await log().append(job, lines(next, next));
    };
    const move = async () => {
      for (let round = 0; round < 10; round += 1) {
        const found = await log().compactable(job, { minLines: 1 });
        if (found) await log().replaceByChunk(job, { ...found, object: `${found.firstLine}` });
      }
    };
    await Promise.all([write(), move()]);
    const chunks = await log().chunks(job);
    let next = 1;
    for (const chunk of chunks) {
      expect(chunk.first_line).toBe(next);
      next += chunk.line_count;
    }
    expect(chunks.length).toBeGreaterThan(1);
    expect(await numbers(tail(job, next))).toEqual(Array.from({ length: 60 - next + 1 }, (_, index) => next + index));
  });

  test('cuts a giant flush into rows, and a chunk at a size that fits into memory', async () => {
    const job = await madeJob(bench.stores);
    const giant: StoredLine[] = Array.from({ length: 20 }, () => [nowMs, 'e', 1, 'é'.repeat(500_000)]);
    await log().append(job, giant);
    const found = await log().compactable(job, { minLines: 1 });
    expect(found?.lineCount).toBe(8);
    expect(found?.bytes).toBe(8 * 1_000_001);
    expect((await tail(job, 19)).map((line) => line.line)).toEqual([19, 20]);
  });

  test('can be deleted, alone', async () => {
    const [job, other] = [await written(2, 2), await written(1)];
    await log().replaceByChunk(job, { firstLine: 1, lineCount: 2, bytes: 14, object: 'o' });
    await log().deleteAll(job);
    expect(await log().stats(job)).toEqual({ lines: 0, bytes: 0, tailFirstLine: null });
    expect(await log().chunks(job)).toEqual([]);
    expect(await log().stats(other)).toMatchObject({ lines: 1 });
  });
});
