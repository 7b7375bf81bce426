import { gunzipSync } from 'node:zlib';
import type { AttemptRef, Holder } from '../../../domain/ids.ts';
import type { DeadLetter } from '../../../infra/cloud.ts';
import { until } from '../../infra/waiting.ts';
import { type Ground, openGround } from '../ground.ts';
import { ChannelCloud, words } from './channel-cloud.ts';

const { hello, line, finished } = words;
let ground: Ground<ChannelCloud>;
beforeAll(async () => {
  ground = await openGround({ cloud: new ChannelCloud() });
});
afterAll(() => ground.close());

const training = async () => ground.machineFor(await ground.jobIn('training'));
const drain = (ref: AttemptRef) => ground.activities.drainEvents(ref);

/** The whole log as it lies in the store, in the order of its chunks. */
async function stored(holder: Holder): Promise<string[]> {
  const lines: string[] = [];
  for (const { object, first_line: first, line_count: count } of await ground.dependencies.stores.log.chunks(holder)) {
    const chunks: Buffer[] = [];
    for await (const chunk of ground.dependencies.store.openRead(object)) chunks.push(chunk as Buffer);
    const rows = gunzipSync(Buffer.concat(chunks)).toString().trim().split('\n');
    expect(rows).toHaveLength(count);
    lines.push(...rows.map((row, index) => `${first + index} ${(JSON.parse(row) as string[])[3]}`));
  }
  return lines;
}

test.concurrent('takes in what a lost machine left in the channel, and lays the log away', async () => {
  const ref = await training();
  ground.cloud.say(ref, hello(1), line(4), line(2));
  ground.cloud.say(ref, line(3), line(2));
  await drain(ref);
  expect(await stored(ref)).toEqual(['1 line 2', '2 line 3', '3 line 4']);
  expect(ground.cloud.channel(ref).acked.at(-1)).toBe(4);
  const files = await ground.dependencies.store.list(`logs/job-${ref.id}`);
  await drain(ref);
  expect(await stored(ref)).toHaveLength(3);
  expect(await ground.dependencies.store.list(`logs/job-${ref.id}`)).toEqual(files);
  expect(await ground.dependencies.stores.log.stats(ref)).toMatchObject({ lines: 3, tailFirstLine: null });
});

test.concurrent('numbers lines on, from one attempt to the next and with our own between them', async () => {
  const first = await training();
  ground.cloud.say(first, hello(1), line(2, 'of the first'));
  await drain(first);
  await ground.activities.note({ ...first, mark: 'warning', key: 'lost', text: 'It was lost.' });
  const second = await ground.machineFor({ kind: first.kind, id: first.id }, 2);
  ground.cloud.say(second, hello(1), line(2, 'of the second'), finished(3));
  await drain(second);
  expect(await stored(first)).toEqual(['1 of the first', '2 It was lost.', '3 of the second']);
});

test.concurrent('reads nothing more once the last word was said, and still lays the log away', async () => {
  const ref = await training();
  ground.cloud.say(ref, hello(1), line(2), finished(3));
  await drain(ref);
  const { readers } = ground.cloud.channel(ref);
  await ground.activities.note({ ...ref, mark: 'note', key: 'n', text: 'Collected.' });
  await drain(ref);
  expect(ground.cloud.channel(ref).readers).toBe(readers);
  expect(await stored(ref)).toEqual(['1 line 2', '2 Collected.']);
});

test.concurrent('closes a gap that nobody can fill any more', async () => {
  const ref = await training();
  ground.cloud.say(ref, hello(1), line(3));
  await drain(ref);
  expect(await stored(ref)).toEqual(['1 What was said here could not be read.', '2 line 3']);
});

test.concurrent('comes to its end where nothing was ever said', async () => {
  const ref = await training();
  await drain(ref);
  expect(await stored(ref)).toEqual([]);
});

test('does not take a slow database for an empty channel', async () => {
  const ref = await training();
  const { relays } = ground.dependencies.stores;
  const { begin, commit } = relays;
  const slowly = async () => {
    const since = Date.now();
    await until('a slow database has answered', () => Date.now() - since > 1200);
  };
  relays.begin = async (...given) => {
    await slowly();
    return begin(...given);
  };
  relays.commit = async (...given) => {
    await slowly();
    return commit(...given);
  };
  ground.cloud.say(ref, hello(1), line(2));
  ground.cloud.say(ref, line(3));
  try {
    await drain(ref);
  } finally {
    Object.assign(relays, { begin, commit });
  }
  expect(await stored(ref)).toEqual(['1 line 2', '2 line 3']);
});

test('a long log is laid away in chunks while it grows', async () => {
  const ref = await training();
  const lines = Array.from({ length: 6000 }, (_, index) => line(index + 2));
  ground.cloud.say(ref, hello(1), ...lines.slice(0, 5500));
  const draining = drain(ref);
  await until('a chunk is there', async () => (await ground.dependencies.stores.log.chunks(ref)).length === 1);
  ground.cloud.say(ref, ...lines.slice(5500), finished(6002));
  await draining;
  expect(await stored(ref)).toEqual(lines.map((_, index) => `${index + 1} line ${index + 2}`));
  expect((await ground.dependencies.stores.log.chunks(ref)).length).toBe(2);
});

test('tells once what its channel gave up on, and goes on when that cannot be asked for', async () => {
  const ref = await training();
  ground.cloud.say(ref, hello(1));
  const letters = [
    { firstSeq: 3, lastSeq: 5 },
    { firstSeq: 9, lastSeq: 9 },
  ];
  const told = async () =>
    (await ground.dependencies.stores.timeline.list(ref))
      .filter(({ kind }) => kind === 'warning')
      .map(({ text }) => text);
  const asked = Object.assign(ground.cloud, {
    deadLetters: async ({ id }: AttemptRef): Promise<DeadLetter[]> => {
      if (id !== ref.id) return [];
      throw new Error('not now');
    },
  });
  await drain(ref);
  expect(await told()).toEqual([]);
  asked.deadLetters = async ({ id }) => (id === ref.id ? letters : []);
  await drain(ref);
  await drain(ref);
  expect(await told()).toEqual([expect.stringContaining('gave up on 2 messages (events 3 to 9) of this machine')]);
  expect((await stored(ref)).filter((text) => text.includes('gave up on 2 messages'))).toHaveLength(1);
});
