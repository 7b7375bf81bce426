import { type GapLimits, Relay } from '../../../activities/relay/relay.ts';
import { Contiguous } from '../../../activities/relay/contiguous.ts';
import type { TrainerEvent } from '../../../domain/event.ts';
import type { AttemptRef } from '../../../domain/ids.ts';
import { tailLines } from '../../db/tail-lines.ts';
import { until } from '../../infra/waiting.ts';
import { type Ground, openGround } from '../ground.ts';
import { ChannelCloud, words } from './channel-cloud.ts';

const { hello, line, finished } = words;
const patient: GapLimits = { events: 50, bytes: 1e9, patienceMs: 60_000 };
let ground: Ground<ChannelCloud>;
beforeAll(async () => {
  ground = await openGround({ cloud: new ChannelCloud() });
});
afterAll(() => ground.close());

const training = async () => ground.machineFor(await ground.jobIn('training'));
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
const textsOf = async (ref: AttemptRef) =>
  (await tailLines(ground.dependencies.stores.database, ref)).map(({ text }) => text);

async function relayOf(ref: AttemptRef, limits?: GapLimits): Promise<Relay> {
  const relay = new Relay(ground.dependencies, ground.cloud, ref, limits);
  await relay.takeOver();
  return relay;
}

/** As a trainer says it: a batch of ten lines after the other. */
function say(ref: AttemptRef, from: number, to: number): void {
  for (let seq = from; seq <= to; seq += 10) ground.cloud.say(ref, ...lines(seq, Math.min(to, seq + 9)));
}

describe('what cannot be read', () => {
  test('is counted, and said once in timeline and log, and nothing waits for it', async () => {
    const ref = await training();
    ground.cloud.sayDamaged(ref, 1, hello(1), line(2));
    ground.cloud.sayDamaged(ref, 2, line(3), finished(4));
    const relay = await relayOf(ref);
    expect(await relay.readUntilEnd()).toMatchObject({ type: 'finished' });
    expect(relay.unreadable).toBe(3);
    const sentence = 'At least 1 record of what the machine said came damaged and cannot be read. The rest is kept.';
    const entries = await ground.dependencies.stores.timeline.list(ref);
    expect(entries.filter(({ kind }) => kind === 'warning').map(({ text }) => text)).toEqual([sentence]);
    expect(await textsOf(ref)).toEqual(['line 2', sentence, 'line 3']);
  });

  test('is not said again by the relay that comes after', async () => {
    const ref = await training();
    ground.cloud.sayDamaged(ref, 1, hello(1), line(3));
    for (let worker = 0; worker < 2; worker++) {
      const relay = await relayOf(ref);
      const reading = relay.readUntilEnd();
      await until('it has said so', () => relay.unreadable === 1);
      relay.stopReading();
      await reading;
    }
    expect((await ground.dependencies.stores.timeline.list(ref)).filter(({ kind }) => kind === 'warning')).toHaveLength(
      1,
    );
  });
});

describe('more behind a gap than memory may hold', () => {
  test('is left with the machine until the gap closes, and nothing of it is lost', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1));
    ground.cloud.sayDamaged(ref, 1, ...lines(3, 9));
    say(ref, 10, 400);
    ground.cloud.say(ref, finished(401));
    const relay = await relayOf(ref, patient);
    const reading = relay.readUntilEnd();
    const channel = ground.cloud.channel(ref);
    await until('it has looked anew for what is missing', () => channel.readers >= 2);
    expect(channel.acked.every((seq) => seq <= 1)).toBe(true);
    expect(Date.now() - relay.heardAtMs).toBeLessThan(50);
    channel.batches.splice(1, 0, [line(2)]);
    expect(await reading).toMatchObject({ type: 'finished' });
    const told = (await textsOf(ref)).filter((text) => text.startsWith('line'));
    expect(told).toEqual(lines(2, 400).map((event) => (event.type === 'log' ? event.text : '')));
    expect(relay.unreadable).toBe(1);
  });

  test('goes on without what is in no place for long', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1));
    say(ref, 3, 200);
    say(ref, 202, 400);
    ground.cloud.say(ref, finished(401));
    const relay = await relayOf(ref, { ...patient, patienceMs: 500 });
    expect(await relay.readUntilEnd()).toMatchObject({ type: 'finished' });
    const missing = 'What was said here could not be read.';
    const expected = lines(2, 400).map((event) => (event.type === 'log' ? event.text : ''));
    expected[0] = missing;
    expected[199] = missing;
    expect(await textsOf(ref)).toEqual(expected);
  });

  test('does not keep a relay from stopping', async () => {
    const ref = await training();
    say(ref, 2, 200);
    const relay = await relayOf(ref, patient);
    const reading = relay.readUntilEnd();
    await until('it waits', () => ground.cloud.channel(ref).readers >= 2);
    relay.stopReading();
    expect(await reading).toBeUndefined();
  });
});

describe('what is held behind a gap', () => {
  const told = (seq: number, text = ''): TrainerEvent => ({ ...line(seq, text) });

  test('is bounded by number and by size, counts nothing twice, and is let go again', () => {
    const order = new Contiguous(0);
    order.add([told(2), told(3), told(3), told(2)]);
    expect([order.holds(2, 1e9), order.holds(3, 1e9)]).toEqual([true, false]);
    order.add([told(4, 'x'.repeat(10_000))]);
    expect([order.holds(99, 10_000), order.holds(99, 11_000)]).toEqual([true, false]);
    expect(order.add([told(1)]).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect([order.holds(1, 1e9), order.holds(99, 1)]).toEqual([false, false]);
    order.add([told(6)]);
    order.forget();
    expect([order.hasGap, order.holds(99, 1)]).toEqual([false, false]);
    expect(order.add([told(5), told(6)]).map(({ seq }) => seq)).toEqual([5, 6]);
  });

  test('comes after one line for all of a gap that is very long', () => {
    const order = new Contiguous(0);
    order.add([told(1_000_000_000), told(1_000_000_001)]);
    const out = order.closeGap((seq, _before, count) => told(seq, `${count} missing`));
    expect(out.map((event) => [event.seq, event.type === 'log' ? event.text : ''])).toEqual([
      [1, '999999999 missing'],
      [1_000_000_000, ''],
      [1_000_000_001, ''],
    ]);
  });
});
