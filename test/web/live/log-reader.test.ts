import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { StoredLine } from '../../../db/stores/log-store.ts';
import { type LogReader, logReader } from '../../../web/live/log-reader.ts';
import { type Ground, openGround, specFor } from '../api/open-ground.ts';

let ground: Ground;
let reader: LogReader;
const holder = { kind: 'job', id: randomUUID() } as const;

/** 1–40 in a file, 41–80 in another, 81–100 in the database. Line 7 holds what splits lines elsewhere. */
beforeAll(async () => {
  ground = await openGround();
  reader = logReader(ground.stores.database, ground.store);
  await ground.stores.jobs.insert(specFor(holder.id), { idempotencyKey: null, requestHash: null, nowMs: 1 });
  for (const from of [1, 41]) {
    await ground.stores.log.append(holder, lines(from, 40));
    const part = await ground.stores.log.compactable(holder, { minLines: 1, force: true });
    if (!part) throw new Error('There is nothing to compact.');
    const object = `logs/job-${holder.id}/${part.firstLine}.jsonl.gz`;
    await ground.store.putText(object, gzipSync(part.lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    await ground.stores.log.replaceByChunk(holder, { ...part, object });
  }
  await ground.stores.log.append(holder, lines(81, 20));
});

afterAll(() => ground.close());

function lines(from: number, count: number): StoredLine[] {
  return Array.from({ length: count }, (_item, index): StoredLine => {
    const line = from + index;
    return [line * 1000, line % 10 === 0 ? 'e' : 'o', 1, line === 7 ? 'seven\u2028seven “ü”' : `line ${line}`];
  });
}

const numbers = (found: { line: number }[]) => found.map(({ line }) => line);
const between = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_item, index) => from + index);

it('counts over files and database', async () => {
  expect(await reader.count(holder)).toBe(100);
  expect(await reader.count({ kind: 'job', id: randomUUID() })).toBe(0);
});

it.each([
  [1, 10],
  [35, 10],
  [75, 10],
  [38, 50],
  [95, 50],
])('reads from line %i over the borders of files', async (from, limit) => {
  expect(numbers(await reader.range(holder, from, limit))).toEqual(between(from, Math.min(100, from + limit - 1)));
});

it('reads the newest, and what lies before a line', async () => {
  expect(numbers(await reader.tail(holder, 30))).toEqual(between(71, 100));
  expect(numbers(await reader.tail(holder, 1000))).toEqual(between(1, 100));
  expect(numbers(await reader.before(holder, 45, 10))).toEqual(between(35, 44));
  expect(numbers(await reader.before(holder, 5, 10))).toEqual(between(1, 4));
  expect(await reader.before(holder, 1, 10)).toEqual([]);
});

it('keeps text as it is, whatever it holds', async () => {
  const [seven] = await reader.range(holder, 7, 1);
  expect(seven).toEqual({ line: 7, atMs: 7000, source: 'out', attempt: 1, text: 'seven\u2028seven “ü”' });
});

it('searches all of it and counts truly beyond what it returns', async () => {
  const found = await reader.search(holder, { text: 'LINE 4', from: 1, limit: 3 });
  expect(found.total).toBe(11);
  expect(numbers(found.matches)).toEqual([4, 40, 41]);
  expect(numbers((await reader.search(holder, { text: 'line 4', from: 45, limit: 3 })).matches)).toEqual([45, 46, 47]);
});

it('streams everything as text', async () => {
  let text = '';
  for await (const piece of reader.raw(holder)) text += String(piece);
  const all = text.trimEnd().split('\n');
  expect(all).toHaveLength(100);
  expect(all[9]).toBe('1970-01-01T00:00:10.000Z err      line 10');
});

it('fails rather than leave a gap when a file is gone', async () => {
  const other = { kind: 'job', id: randomUUID() } as const;
  await ground.stores.jobs.insert(specFor(other.id), { idempotencyKey: null, requestHash: null, nowMs: 1 });
  await ground.stores.log.append(other, lines(1, 5));
  const part = await ground.stores.log.compactable(other, { minLines: 1, force: true });
  if (!part) throw new Error('There is nothing to compact.');
  await ground.stores.log.replaceByChunk(other, { ...part, object: 'logs/gone/1.jsonl.gz' });
  await expect(reader.range(other, 1, 5)).rejects.toMatchObject({ type: 'NotFound' });
});
