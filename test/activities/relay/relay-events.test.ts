import { MockActivityEnvironment } from '@temporalio/testing';
import { TrainyardError } from '../../../domain/failures.ts';
import type { AttemptRef } from '../../../domain/ids.ts';
import { tailLines } from '../../db/tail-lines.ts';
import { until } from '../../infra/waiting.ts';
import { type Ground, openGround } from '../ground.ts';
import { ChannelCloud, OrderedChannelCloud, words } from './channel-cloud.ts';

const { hello, line, beat, metric, progress, model, checkpoint, finished, failed } = words;
let ground: Ground<ChannelCloud>;
const unhandled: unknown[] = [];
const noteUnhandled = (reason: unknown) => unhandled.push(reason);
let freeBytes = Number.MAX_SAFE_INTEGER;
const lookedAtDisk: number[] = [];

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  ground = await openGround({ cloud: new ChannelCloud() });
});
afterAll(async () => {
  process.off('unhandledRejection', noteUnhandled);
  await ground.close();
});

async function training(on = ground): Promise<AttemptRef> {
  return on.machineFor(await on.jobIn('training'));
}

function relay(ref: AttemptRef, { silenceSeconds = 60, on = ground } = {}) {
  const environment = new MockActivityEnvironment({}, { logger: silent });
  const result = environment.run(on.activities.relayEvents, { ...ref, silenceSeconds });
  return { environment, result };
}

const nothing = () => {};
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
const watermark = async (ref: AttemptRef) => (await ground.dependencies.stores.relays.get(ref))?.seq ?? 0;
const linesOf = async (ref: AttemptRef, on = ground) =>
  (await tailLines(on.dependencies.stores.database, ref)).map(({ line: number, text }) => `${number} ${text}`);

describe('a relay', () => {
  test('keeps what was said, acknowledges it, and tells how it ended', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), line(2), beat(3), metric(4, 0.5), progress(5, 0.2));
    ground.cloud.say(ref, metric(6, null), model(7, 'forest'), progress(8, 0.9), beat(9), line(10), finished(11));
    expect(await relay(ref).result).toEqual({
      ...{ kind: 'finished', why: 'completed', hasResult: true, sentence: 'done' },
      trainingSeconds: 10,
    });
    const { stores } = ground.dependencies;
    expect(await linesOf(ref)).toEqual(['1 line 2', '2 line 10']);
    expect((await stores.metrics.list(ref.id)).map(({ value }) => value)).toEqual([0.5, null]);
    expect((await stores.leaderboard.list(ref.id)).map((row) => row.model)).toEqual(['forest']);
    const job = await stores.jobs.find(ref.id);
    expect(JSON.parse(job?.progress_json ?? '{}')).toMatchObject({ fraction: 0.9 });
    const attempt = await stores.attempts.get(ref);
    expect(JSON.parse(attempt?.heartbeat_json ?? '{}')).toMatchObject({ seq: 9 });
    expect(JSON.parse(attempt?.hello_json ?? '{}')).toMatchObject({ host: 'here' });
    expect(ground.cloud.channel(ref).acked.at(-1)).toBe(11);
  });

  test('acknowledges at once where nothing more is said before that', async () => {
    const on = await openGround({ cloud: new OrderedChannelCloud() });
    try {
      const ref = await training(on);
      for (const event of [hello(1), line(2), line(3), beat(4), finished(5)]) on.cloud.say(ref, event);
      expect(await relay(ref, { on }).result).toMatchObject({ kind: 'finished' });
      expect(on.cloud.channel(ref).acked).toEqual([1, 2, 3, 4, 5]);
    } finally {
      await on.close();
    }
  });

  test('that finds the last word said returns at once and reads nothing', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), finished(2));
    const first = await relay(ref).result;
    expect(await relay(ref).result).toEqual(first);
    expect(ground.cloud.channel(ref).readers).toBe(1);
  });

  test('takes in once and in order what comes repeated and out of order', async () => {
    const ref = await training();
    ground.cloud.say(ref, line(3), hello(1));
    ground.cloud.say(ref, hello(1), line(3), line(5));
    ground.cloud.say(ref, finished(6), line(2), line(4), line(2));
    await relay(ref).result;
    expect(await linesOf(ref)).toEqual(['1 line 2', '2 line 3', '3 line 4', '4 line 5']);
  });

  test('killed between keeping and acknowledging, the next one goes on where it was', async () => {
    const ref = await training();
    const channel = ground.cloud.channel(ref);
    channel.ackFails = new Error('killed');
    ground.cloud.say(ref, hello(1), line(2), line(3));
    await expect(relay(ref).result).rejects.toThrow('killed');
    expect(await watermark(ref)).toBe(3);
    channel.ackFails = undefined;
    ground.cloud.say(ref, line(4), finished(5));
    expect(await relay(ref).result).toMatchObject({ kind: 'finished' });
    expect(await linesOf(ref)).toEqual(['1 line 2', '2 line 3', '3 line 4']);
    expect(channel.acked).toEqual([5]);
  });

  test('that was superseded writes nothing any more; its successor writes all', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), line(2));
    const first = relay(ref);
    const rejected = expect(first.result).rejects.toMatchObject({ type: 'RelaySuperseded' });
    await until('the first has taken in what there is', async () => (await watermark(ref)) === 2);
    const second = relay(ref);
    await until('the second reads', () => ground.cloud.channel(ref).readers === 2);
    ground.cloud.say(ref, line(3), finished(4));
    await rejected;
    expect(await second.result).toMatchObject({ kind: 'finished' });
    expect(await linesOf(ref)).toEqual(['1 line 2', '2 line 3']);
  });

  test('that is cancelled stops reading', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1));
    const { environment, result } = relay(ref);
    const rejected = expect(result).rejects.toMatchObject({ name: 'CancelledFailure' });
    await until('it has begun', async () => (await watermark(ref)) === 1);
    environment.cancel();
    await rejected;
    ground.cloud.say(ref, line(2));
    expect(await watermark(ref)).toBe(1);
  });

  test.each([
    ['BadLabel', { type: 'BadLabel', message: 'It broke.' }],
    ['KeyError', { type: 'TrainerBug', message: 'KeyError: It broke.' }],
  ])('tells a failure of the type %s by a type that we know', async (type, failure) => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), failed(4, type), line(2), line(3));
    expect(await relay(ref).result).toEqual({ kind: 'failed', failure, trainingSeconds: 3 });
  });
});

/** Each of these must wait for a while: they wait together. */
describe('a machine', () => {
  test.concurrent('that says nothing for its limit is lost', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), beat(2));
    expect(await relay(ref, { silenceSeconds: 2 }).result).toEqual({
      kind: 'lost',
      failure: { type: 'MachineSilent', message: 'The machine said nothing for 2 seconds.' },
      trainingSeconds: 1,
    });
  });

  test('says of an attempt that did not finish from where the next one goes on', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), checkpoint(2, 'epoch 1'), checkpoint(3, 'epoch 2'), failed(4, 'CloudUnavailable'));
    expect(await relay(ref).result).toMatchObject({ kind: 'failed', checkpoint: 'epoch 2' });
    expect(await relay(ref).result).toMatchObject({ kind: 'failed', checkpoint: 'epoch 2' });
  });

  test.concurrent('that is gone without a last word is lost, and what it said is kept', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), line(2));
    ground.cloud.channel(ref).seen = { state: 'ended', endedBecause: 'killed' };
    expect(await relay(ref).result).toMatchObject({ kind: 'lost', failure: { type: 'MachineLost' } });
    expect(await linesOf(ref)).toEqual(['1 line 2']);
    // Asked again, as by a worker that comes after: the same answer.
    expect(await relay(ref).result).toMatchObject({ kind: 'lost', failure: { type: 'MachineLost' } });
    expect(await linesOf(ref)).toEqual(['1 line 2']);
  });

  test.concurrent('whose last word lies behind one that nobody can read has still finished', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1), line(3), finished(4));
    ground.cloud.channel(ref).seen = { state: 'ended', endedBecause: 'finished' };
    expect(await relay(ref).result).toMatchObject({ kind: 'finished', hasResult: true });
    expect(await linesOf(ref)).toEqual(['1 What was said here could not be read.', '2 line 3']);
  });

  test.concurrent('that talks on behind a gap is not silent', async () => {
    const ref = await training();
    ground.cloud.say(ref, hello(1));
    const { result } = relay(ref, { silenceSeconds: 2 });
    for (let seq = 3; seq < 10; seq++) {
      await until('a while has passed', waited(500));
      ground.cloud.say(ref, beat(seq));
    }
    ground.cloud.say(ref, beat(2), finished(10));
    expect(await result).toMatchObject({ kind: 'finished' });
  });

  test.concurrent('is not given up because the database is slow', async () => {
    const on = await openGround({ cloud: new ChannelCloud() });
    const ref = await training(on);
    const { relays } = on.dependencies.stores;
    const { commit } = relays;
    relays.commit = async (...given) => {
      await until('a slow database has written', waited(4500));
      return commit(...given);
    };
    on.cloud.channel(ref).seen = { state: 'ended', endedBecause: 'finished' };
    on.cloud.say(ref, hello(1), line(2));
    on.cloud.say(ref, finished(3));
    expect(await relay(ref, { silenceSeconds: 2, on }).result).toMatchObject({ kind: 'finished' });
    await on.close();
  });

  test.concurrent('that the cloud does not answer for is not lost', async () => {
    const ref = await training();
    ground.cloud.channel(ref).lookFails = new TrainyardError('CloudUnavailable', 'It does not answer.');
    ground.cloud.say(ref, hello(1));
    const { result } = relay(ref);
    await until('it was asked for twice', waited(3500));
    ground.cloud.say(ref, finished(2));
    expect(await result).toMatchObject({ kind: 'finished' });
  });

  test.concurrent('that cannot be looked at for a bug of ours ends the try, and not the process', async () => {
    const ref = await training();
    ground.cloud.channel(ref).lookFails = new TypeError('x is not a function');
    ground.cloud.say(ref, hello(1));
    await expect(relay(ref).result).rejects.toThrow('x is not a function');
    expect(unhandled).toEqual([]);
  });

  test.concurrent('is waited for while there is no room to keep what it says, and then goes on', async () => {
    const on = await openGround({
      cloud: new ChannelCloud(),
      relayStopsBelowBytes: 1000,
      freeBytes: async () => {
        lookedAtDisk.push(Date.now());
        return freeBytes;
      },
    });
    freeBytes = 999;
    const ref = await training(on);
    on.cloud.say(ref, hello(1), line(2), finished(3));
    on.cloud.channel(ref).seen = { state: 'ended', endedBecause: 'finished' };
    const { result } = relay(ref, { silenceSeconds: 2, on });
    await until('it has waited longer than its patience with a silent machine', waited(4500));
    expect(lookedAtDisk.length).toBeGreaterThan(1);
    expect(await linesOf(ref, on)).toEqual([]);
    expect(on.cloud.channel(ref).acked).toEqual([]);
    freeBytes = 1000;
    expect(await result).toMatchObject({ kind: 'finished' });
    expect(await linesOf(ref, on)).toEqual(['1 line 2']);
    await on.close();
  });
});

/** A condition that comes true after so long. */
function waited(ms: number): () => boolean {
  const since = Date.now();
  return () => Date.now() - since >= ms;
}
