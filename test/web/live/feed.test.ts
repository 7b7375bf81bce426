import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { atTheBeginning, type Cursor } from '../../../web/live/cursor.ts';
import type { FeedEvent } from '../../../web/live/event-reader.ts';
import { type Feed, openFeed } from '../../../web/live/feed.ts';
import { type LogReader, logReader } from '../../../web/live/log-reader.ts';
import { openServicesFacts } from '../api/open-facts.ts';
import { type Ground, openGround, specFor } from '../api/open-ground.ts';

let ground: Ground;
let reader: LogReader;
let feed: Feed;
let jobId: string;
let factsRead: number;
const errors: unknown[] = [];

const holder = () => ({ kind: 'job', id: jobId }) as const;

beforeEach(async () => {
  ground = await openGround();
  reader = logReader(ground.stores.database, ground.store);
  errors.length = 0;
  factsRead = 0;
  const facts = openServicesFacts(ground);
  feed = openFeed({
    database: ground.stores.database,
    log: reader,
    facts: (asked) => {
      factsRead += 1;
      return facts(asked);
    },
    pollMs: 10,
    onError: (error) => errors.push(error),
  });
  jobId = randomUUID();
  await ground.stores.jobs.insert(specFor(jobId), { idempotencyKey: null, requestHash: null, nowMs: 1 });
});

afterEach(async () => {
  feed.close();
  await ground.close();
  expect(errors).toEqual([]);
});

const append = (from: number, count: number) =>
  ground.stores.log.append(
    holder(),
    Array.from({ length: count }, (_item, index) => [1000 + from + index, 'o', 1, `line ${from + index}`] as const).map(
      ([atMs, stream, attempt, text]) => [atMs, stream, attempt, text],
    ),
  );

const closeJob = async () => {
  await ground.stores.jobs.enterPhase(jobId, 'releasing', 'Releasing.', 1);
  await ground.stores.jobs.close(jobId, { outcome: 'succeeded', reason: 'It ran to its end.', nowMs: 5 });
};

/** The tail so far as a file of the store, as compaction does it. */
async function compact(): Promise<void> {
  const part = await ground.stores.log.compactable(holder(), { minLines: 1, force: true });
  if (!part) return;
  const object = `logs/job-${jobId}/${part.firstLine}.jsonl.gz`;
  const text = part.lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  await ground.store.putText(object, gzipSync(text));
  await ground.stores.log.replaceByChunk(holder(), { ...part, object });
}

class Watcher {
  readonly events: FeedEvent[] = [];
  ended = false;
  readonly leave: () => void;
  /** Set: each push says that there is no room, until it is called. */
  block: Promise<void> | undefined;

  constructor(from: Cursor = atTheBeginning) {
    this.leave = feed.follow(holder(), from, {
      push: (event) => {
        this.events.push(event);
        return this.block === undefined;
      },
      ready: () => this.block ?? Promise.resolve(),
      end: () => {
        this.ended = true;
      },
    });
  }

  lines(): number[] {
    return this.events.flatMap((event) => (event.event === 'log' ? event.data.lines.map(({ line }) => line) : []));
  }

  last(): Cursor {
    return this.events.at(-1)?.cursor ?? atTheBeginning;
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}.`);
    await sleep(5);
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_item, index) => index + 1);

it('brings every line once, in order, while lines are written and compacted and the viewer comes and goes', async () => {
  const total = 3000;
  const seen: number[] = [];
  let place = atTheBeginning;
  let writing = true;
  const write = (async () => {
    for (let line = 1; line <= total; line += 25) {
      await append(line, 25);
      if (line % 500 === 1) await compact();
      await sleep(1);
    }
    await closeJob();
    writing = false;
  })();

  let visits = 0;
  for (let ended = false; !ended; visits += 1) {
    const watcher = new Watcher(place);
    await until(() => watcher.ended || (writing && watcher.lines().length > 150), 'some lines came');
    watcher.leave();
    seen.push(...watcher.lines());
    place = watcher.last();
    ended = watcher.ended;
  }
  await write;
  expect(visits).toBeGreaterThan(3);
  expect(seen).toEqual(upTo(total));
});

it('ends once the job is done and everything was sent, and polls nothing after that', async () => {
  await append(1, 10);
  const watcher = new Watcher();
  await until(() => watcher.lines().length === 10, 'the lines came');
  await append(11, 5);
  await closeJob();
  await until(() => watcher.ended, 'it ended');
  expect(watcher.lines()).toEqual(upTo(15));
  expect(watcher.events.at(-1)?.event).toBe('end');
  const last = watcher.events.findLast(({ event }) => event === 'job');
  expect(last?.data).toMatchObject({ phase: 'done', outcome: 'succeeded', reason: 'It ran to its end.' });
  expect(feed.polled()).toBe(0);
  expect(await feed.isOver(holder(), watcher.last())).toBe(true);
  expect(await feed.isOver(holder(), atTheBeginning)).toBe(false);
});

it('polls one job once however many look, and reads for all of them together', async () => {
  const watchers = Array.from({ length: 20 }, () => new Watcher());
  await until(() => watchers.every(({ events }) => events.length > 0), 'everybody saw the job');
  expect(feed.polled()).toBe(1);
  const before = factsRead;
  await append(1, 3);
  await ground.stores.jobs.say(jobId, 'Two are ahead.');
  const sawIt = ({ events }: Watcher) =>
    events.some(({ event, data }) => event === 'job' && 'sentence' in data && data.sentence === 'Two are ahead.');
  await until(() => watchers.every((watcher) => sawIt(watcher) && watcher.lines().length === 3), 'everybody saw it');
  // One read for each change of the watermark that was noticed, not one for each viewer.
  expect(factsRead - before).toBeLessThanOrEqual(3);
  for (const watcher of watchers) watcher.leave();
  expect(feed.polled()).toBe(0);
});

it('serves a slow viewer from their own place, without holding up the others or losing a line', async () => {
  const slow = new Watcher();
  const quick = new Watcher();
  await until(() => slow.events.length > 0, 'the slow one saw the job');
  let release: () => void = () => {};
  slow.block = new Promise((resolve) => {
    release = () => {
      slow.block = undefined;
      resolve();
    };
  });
  await append(1, 2000);
  await until(() => quick.lines().length === 2000, 'the quick one has all');
  const heldBack = slow.lines().length;
  expect(heldBack).toBeLessThan(2000);
  await append(2001, 100);
  await until(() => quick.lines().length === 2100, 'the quick one goes on');
  expect(slow.lines().length).toBe(heldBack);
  release();
  await until(() => slow.lines().length === 2100, 'the slow one has all');
  expect(slow.lines()).toEqual(upTo(2100));
  slow.leave();
  quick.leave();
});

it('brings metrics and leaderboard rows that were written after the place of the viewer', async () => {
  const ref = { ...holder(), attempt: 1 };
  const metric = (seq: number) =>
    ({
      seq,
      atMs: seq,
      type: 'metric',
      name: 'loss',
      step: seq,
      value: 1 / seq,
      unit: null,
      higherIsBetter: false,
    }) as const;
  await ground.stores.database.transaction((trx) => ground.stores.metrics.insert(ref, [metric(1), metric(2)], trx));
  const first = new Watcher();
  await until(() => first.events.some(({ event }) => event === 'job'), 'it was brought up to date');
  first.leave();
  await ground.stores.database.transaction((trx) => ground.stores.metrics.insert(ref, [metric(3)], trx));
  const second = new Watcher(first.last());
  await until(() => second.events.some(({ event }) => event === 'metric'), 'the metric came');
  second.leave();
  const steps = (watcher: Watcher) =>
    watcher.events.flatMap((event) => (event.event === 'metric' ? event.data.points.map(({ step }) => step) : []));
  expect(steps(first)).toEqual([1, 2]);
  expect(steps(second)).toEqual([3]);
});
