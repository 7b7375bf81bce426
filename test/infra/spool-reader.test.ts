import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { EventBatch } from '../../infra/cloud.ts';
import { readSpool } from '../../infra/local/spool-reader.ts';
import { readRecord, segmentName } from '../../infra/spool-record.ts';
import { batchBytes, batchEvents } from '../../infra/local/spool-segment.ts';
import { until } from './waiting.ts';

const record = (seq: number, text = `line ${seq}`): string => {
  const json = JSON.stringify({ seq, atMs: 1_790_000_000_000, type: 'log', stream: 'out', text });
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
};
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, nth) => record(from + nth)).join('');
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, nth) => from + nth);
const torn = record(99).slice(0, 40);
/** Still an event by its letters; the checksum alone tells. */
const broken = record(98).replace('line 98', 'line 97');

describe('a record', () => {
  test('is read when its checksum fits, whatever letters are in it', () => {
    const line = Buffer.from(record(7, 'größer 日本 \\n').slice(0, -1));
    expect(readRecord(line)).toMatchObject({ seq: 7, text: 'größer 日本 \\n' });
  });

  test.each([
    ['altered', broken.trim()],
    ['cut off', torn],
    ['empty', ''],
    ['without a checksum', record(1).slice(9).trim()],
    ['no event', `${crc32('{"seq": 1}').toString(16).padStart(8, '0')} {"seq": 1}`],
  ])('that is %s is not read', (_, line) => {
    expect(readRecord(Buffer.from(line))).toBeUndefined();
  });
});

describe('reading a spool', () => {
  let root: string;
  let folder: string;
  let uploaded: string;
  let stop: AbortController;
  let reading: Promise<void>[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trainyard-spool-'));
    [folder, uploaded] = [join(root, 'attempt-1'), join(root, 'bucket', 'attempts', '1', 'spool')];
    await mkdir(folder);
    stop = new AbortController();
    reading = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(reading);
    await rm(root, { recursive: true });
  });

  const segment = (firstSeq: number) => join(folder, segmentName(firstSeq));
  const follow = (afterSeq = 0) => {
    const batches: EventBatch[] = [];
    const read = async () => {
      for await (const batch of readSpool({ folder, uploaded }, afterSeq, stop.signal)) batches.push(batch);
    };
    reading.push(read());
    return {
      batches,
      seqs: () => batches.flatMap((batch) => batch.events.map((event) => event.seq)),
      unreadable: () => batches.reduce((sum, batch) => sum + batch.unreadable, 0),
    };
  };
  const hasSeen = (heard: ReturnType<typeof follow>, seq: number) =>
    until(`${seq} was read`, () => heard.seqs().includes(seq));
  /** Long enough for several polls. */
  const aWhile = () => wait(400);

  test('goes on from behind what is known, in the segment that holds it', async () => {
    await writeFile(segment(1), records(1, 10));
    await writeFile(segment(11), records(11, 20));
    const heard = follow(14);
    await hasSeen(heard, 20);
    expect(heard.seqs()).toEqual(numbers(15, 20));
  });

  test('follows what is written, and the segments that begin, also before the first is there', async () => {
    await rm(folder, { recursive: true });
    const heard = follow();
    await aWhile();
    await mkdir(folder);
    await writeFile(segment(1), records(1, 3));
    await hasSeen(heard, 3);
    await appendFile(segment(1), records(4, 5));
    await writeFile(segment(6), '');
    await appendFile(segment(6), records(6, 8));
    await hasSeen(heard, 8);
    expect(heard.seqs()).toEqual(numbers(1, 8));
  });

  test('hands on large spools in bounded parts, and a record longer than a part', async () => {
    const long = 'x'.repeat(3 * batchBytes);
    await writeFile(segment(1), records(1, 5000) + record(5001, long) + records(5002, 9000));
    const heard = follow();
    await hasSeen(heard, 9000);
    expect(heard.seqs()).toEqual(numbers(1, 9000));
    expect(Math.max(...heard.batches.map((batch) => batch.events.length))).toBeLessThanOrEqual(batchEvents);
  });

  test.each([
    ['torn', torn],
    ['broken', broken],
  ])('waits for a last record that is %s, and reads what takes its place', async (_, tail) => {
    await writeFile(segment(1), records(1, 2) + tail);
    const heard = follow();
    await hasSeen(heard, 2);
    await aWhile();
    expect(heard.unreadable()).toBe(0);
    // A restarted runner cuts it off and goes on counting.
    await truncate(segment(1), records(1, 2).length);
    await appendFile(segment(1), records(3, 4));
    await hasSeen(heard, 4);
    expect(heard.seqs()).toEqual([1, 2, 3, 4]);
    expect(heard.unreadable()).toBe(0);
  });

  test('reads a record that comes in two pieces', async () => {
    await writeFile(segment(1), record(1).slice(0, 20));
    const heard = follow();
    await aWhile();
    await appendFile(segment(1), record(1).slice(20));
    await hasSeen(heard, 1);
    expect(heard.unreadable()).toBe(0);
  });

  test('counts a broken record once another follows it, in the segment or in the next; once, also when read again', async () => {
    await writeFile(segment(1), record(1) + broken + record(3));
    const heard = follow();
    await hasSeen(heard, 3);
    expect(heard.unreadable()).toBe(1);
    await appendFile(segment(1), broken + torn);
    await aWhile();
    expect(heard.unreadable()).toBe(1);
    await writeFile(segment(6), records(6, 7));
    await hasSeen(heard, 7);
    expect(heard.unreadable()).toBe(3);
    expect(heard.seqs()).toEqual([1, 3, 6, 7]);
    // One who reconnects behind it does not count it again.
    await appendFile(segment(6), record(8));
    const later = follow(7);
    await hasSeen(later, 8);
    expect(later.unreadable()).toBe(0);
  });

  test('reads from the bucket what is no longer in the folder', async () => {
    await mkdir(uploaded, { recursive: true });
    await writeFile(join(uploaded, segmentName(1)), records(1, 10));
    await writeFile(join(uploaded, segmentName(11)), records(11, 15));
    await rm(folder, { recursive: true });
    const heard = follow(5);
    await hasSeen(heard, 15);
    expect(heard.seqs()).toEqual(numbers(6, 15));
  });

  test('goes past a segment that is missing, and fills the gap when it turns up in the bucket', async () => {
    await writeFile(segment(1), records(1, 4));
    await writeFile(segment(9), records(9, 12));
    const heard = follow();
    await hasSeen(heard, 12);
    expect(heard.seqs()).toEqual([1, 2, 3, 4, 9, 10, 11, 12]);
    await mkdir(uploaded, { recursive: true });
    await writeFile(join(uploaded, segmentName(5)), records(5, 8));
    await hasSeen(heard, 8);
    expect(heard.seqs().toSorted((a, b) => a - b)).toEqual(numbers(1, 12));
  });

  test('reads on when the file was replaced by another of the same name', async () => {
    await writeFile(segment(1), records(1, 3));
    const heard = follow();
    await hasSeen(heard, 3);
    await rm(segment(1));
    await writeFile(segment(1), records(1, 5));
    await hasSeen(heard, 5);
    expect(heard.seqs()).toEqual(numbers(1, 5));
  });

  test('costs little while nothing comes', async () => {
    await writeFile(segment(1), records(1, 3));
    const heard = Array.from({ length: 20 }, () => follow());
    for (const one of heard) await hasSeen(one, 3);
    const before = process.cpuUsage();
    await wait(2000);
    const used = process.cpuUsage(before);
    // Twenty readers for two seconds: each polls, none spins.
    expect((used.user + used.system) / 1000).toBeLessThan(500);
  });

  test('ends when it is told to, also when it waits', async () => {
    const heard = follow();
    await aWhile();
    stop.abort();
    await Promise.all(reading);
    expect(heard.batches).toEqual([]);
  });
});
