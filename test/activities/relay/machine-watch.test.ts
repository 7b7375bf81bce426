import { Listening } from '../../../activities/relay/listening.ts';
import { type LeftOff, MachineWatch } from '../../../activities/relay/machine-watch.ts';
import type { MachineSeen } from '../../../infra/cloud.ts';

const begin = 1_790_000_000_000;
const night = 8 * 3_600_000;
const running: MachineSeen = {
  name: 'm',
  state: 'running',
  startedAtMs: begin,
  endedAtMs: null,
  endedBecause: null,
};
const ended = (because: MachineSeen['endedBecause']): MachineSeen => ({
  ...running,
  state: 'ended',
  endedAtMs: begin,
  endedBecause: because,
});

/** A relay that ticks twice a second and looks every two seconds, as the real one does, in a time of its own. */
class Clock {
  nowMs = begin;
  heardAtMs = begin;
  seen: MachineSeen | undefined = running;
  deadlineAtMs = begin + night;
  readonly #watch: MachineWatch;
  #looks = 0;

  constructor(silenceSeconds = 120, firstWordSeconds = 0) {
    this.#watch = new MachineWatch({ nowMs: begin, heardAtMs: begin, silenceSeconds, firstWordSeconds });
  }

  sleep(ms: number): void {
    this.nowMs += ms;
  }

  heard(): void {
    this.heardAtMs = this.nowMs;
  }

  /** Goes on for so many seconds; `beat`: something is heard every so many. */
  go(seconds: number, { beat = 0 } = {}): LeftOff | undefined {
    for (let half = 1; half <= seconds * 2; half++) {
      this.nowMs += 500;
      if (beat > 0 && half % (beat * 2) === 0) this.heard();
      const leftOff = this.#watch.tick(this.nowMs, this.heardAtMs);
      if (leftOff) return leftOff;
      if (this.#looks++ % 4 === 0) this.#watch.look(this.nowMs, this.seen, this.deadlineAtMs);
    }
    return undefined;
  }
}

const typeOf = (leftOff: LeftOff | undefined) => (leftOff?.kind === 'lost' ? leftOff.failure.type : leftOff?.kind);

test('a machine that beats is left alone', () => {
  expect(new Clock(20).go(3600, { beat: 10 })).toBeUndefined();
});

test('a machine that says nothing for its limit is lost, and not before', () => {
  const clock = new Clock(20);
  clock.go(5, { beat: 1 });
  expect(clock.go(19)).toBeUndefined();
  expect(typeOf(clock.go(1))).toBe('MachineSilent');
});

test('a machine that sets itself up first has longer until its first word, and no longer after it', () => {
  const mute = new Clock(20, 600);
  expect(mute.go(599)).toBeUndefined();
  expect(mute.go(2)).toMatchObject({ failure: { message: 'The machine said nothing for 600 seconds.' } });
  const clock = new Clock(20, 600);
  clock.go(300);
  clock.go(5, { beat: 1 });
  expect(clock.go(19)).toBeUndefined();
  expect(typeOf(clock.go(1))).toBe('MachineSilent');
});

test('a laptop that slept over night has not listened: the machine gets its time to speak again', () => {
  const clock = new Clock(20);
  clock.go(10);
  clock.sleep(night);
  expect(clock.go(4)).toBeUndefined();
  clock.heard();
  expect(clock.go(19)).toBeUndefined();
  expect(typeOf(clock.go(5))).toBe('MachineSilent');
});

test.each([
  [ended(null), 'MachineLost', 'The machine ended without saying why.'],
  [ended('killed'), 'MachineLost', 'The machine ended without saying why.'],
  [ended('expired'), 'MachineExpired', 'The machine reached its own end.'],
  [
    ended('out_of_memory'),
    'OutOfMemory',
    'The machine ran out of memory. Use a larger one, less data, or fewer models.',
  ],
  [{ ...running, state: 'absent' }, 'MachineLost', 'The machine is not there any more.'],
] as [MachineSeen, string, string][])('%o without a last word is %s', (seen, type, message) => {
  const clock = new Clock();
  clock.go(10, { beat: 1 });
  clock.seen = seen;
  expect(clock.go(10)).toEqual({ kind: 'lost', failure: { type, message } });
});

test('a machine that is gone is not given up while its last words are still being read', () => {
  const clock = new Clock();
  clock.seen = ended('finished');
  expect(clock.go(600, { beat: 1 })).toBeUndefined();
  expect(typeOf(clock.go(4))).toBe('MachineLost');
});

test('who wakes up to a machine that is gone reads its last words first', () => {
  const clock = new Clock();
  clock.go(10, { beat: 1 });
  clock.sleep(night);
  clock.seen = ended('finished');
  expect(clock.go(1)).toBeUndefined();
  expect(typeOf(clock.go(3))).toBe('MachineLost');
});

test('a machine that a cloud does not answer for is not gone', () => {
  const clock = new Clock();
  clock.seen = undefined;
  expect(clock.go(600, { beat: 10 })).toBeUndefined();
});

test('three minutes past its deadline a machine does not answer any more, though it beats', () => {
  const clock = new Clock();
  clock.deadlineAtMs = begin + 60_000;
  expect(clock.go(60 + 179, { beat: 10 })).toBeUndefined();
  expect(clock.go(10, { beat: 10 })).toEqual({ kind: 'overran' });
});

test('a deadline that is put off counts from where it is now', () => {
  const clock = new Clock();
  clock.deadlineAtMs = begin + 60_000;
  clock.go(120, { beat: 10 });
  clock.deadlineAtMs = begin + 600_000;
  expect(clock.go(480 + 170, { beat: 10 })).toBeUndefined();
  expect(clock.go(20, { beat: 10 })).toEqual({ kind: 'overran' });
});

test('who slept past a deadline lets the runner stop its trainer and hand in', () => {
  const clock = new Clock();
  clock.deadlineAtMs = begin + 60_000;
  clock.go(10, { beat: 5 });
  clock.sleep(night);
  expect(clock.go(150, { beat: 10 })).toBeUndefined();
});

test('a relay that comes back late to much that was said reads it before it judges', () => {
  const clock = new Clock();
  clock.deadlineAtMs = begin - night;
  expect(clock.go(600, { beat: 1 })).toBeUndefined();
});

describe('listening', () => {
  test('counts the time from one tick to the next, at most a few seconds', () => {
    const listening = new Listening(0, 5000);
    expect(listening.tick(1000)).toBe(1000);
    expect(listening.tick(3000)).toBe(3000);
    expect(listening.tick(1_000_000)).toBe(8000);
    expect(listening.tick(1_001_000)).toBe(9000);
    listening.heard(1_002_000);
    expect(listening.tick(1_002_500)).toBe(500);
  });

  test('a clock that is set back counts nothing', () => {
    const listening = new Listening(100_000);
    expect(listening.tick(50_000)).toBe(0);
    expect(listening.tick(51_000)).toBe(1000);
  });
});
