import { machineNameOf, type AttemptRef } from '../../domain/ids.ts';
import type { EventOf } from '../../domain/event.ts';
import { SimulatedCloud } from '../clouds/simulated-cloud.ts';
import { type Ground, openGround } from './ground.ts';

/** What a machine printed on its own console goes with it: it is kept before that, where nothing else says why it ended. */

type TerminalEvent = EventOf<'finished'> | EventOf<'failed'>;

class FarCloud extends SimulatedCloud {
  readonly isRemote = true;
  asked = 0;
  hangs = false;

  constructor() {
    super({ script: () => async (actor) => actor.gone });
  }

  override async readConsole(ref: AttemptRef): Promise<string> {
    this.asked++;
    if (this.hangs) return new Promise<never>(() => {});
    return super.readConsole(ref);
  }
}

let ground: Ground<FarCloud>;
beforeAll(async () => {
  ground = await openGround({ cloud: new FarCloud() });
});
beforeEach(() => {
  ground.cloud.asked = 0;
  ground.cloud.hangs = false;
});
afterAll(() => ground.close());

async function machine(): Promise<AttemptRef> {
  const ref = await ground.machineFor(await ground.jobIn('training'));
  ground.cloud.consoles.set(machineNameOf(ref), 'kernel: Out of memory\n');
  return ref;
}

const notes = async (ref: AttemptRef) =>
  (await ground.dependencies.stores.timeline.list(ref))
    .filter(({ dedupe_key }) => dedupe_key === 'console-1')
    .map(({ text }) => text);

async function heard(ref: AttemptRef, terminal: TerminalEvent | null): Promise<void> {
  const { relays } = ground.dependencies.stores;
  const epoch = 'one';
  await relays.begin(ref, epoch);
  const none = { logLines: [], metrics: [], leaderboard: [], heartbeat: null, hello: null, progress: null };
  const times = { heardAtMs: Date.now(), firstHeardAtMs: Date.now() };
  await relays.commit({ ref, epoch, expectedSeq: 0, newSeq: 1, ...times, ...none, checkpoint: null, terminal });
}

const failed = (type: string): TerminalEvent => ({
  ...{ type: 'failed', seq: 1, atMs: Date.now(), exitCode: 1 },
  failure: { type, message: 'It failed.' },
});
const kept = ['What the machine printed last on its own console is in the log.'];

test.each([
  ['fell silent while it worked', null],
  ['failed by itself', failed('TrainerBug')],
])('of a machine that %s it is kept before the machine goes, once', async (_what, terminal) => {
  const ref = await machine();
  await heard(ref, terminal);
  await ground.activities.removeMachine(ref);
  await ground.activities.removeMachine(ref);
  expect(await notes(ref)).toEqual(kept);
  expect(ground.cloud.asked).toBe(1);
});

test.each([
  ['the data was wrong', failed('BadData')],
  ['it was taken back with notice', failed('MachinePreempted')],
  ['it finished', { type: 'finished', seq: 1, atMs: 1, why: 'completed', hasResult: true, sentence: '' } as const],
])('is left where the machine said that %s', async (_what, terminal) => {
  const ref = await machine();
  await heard(ref, terminal);
  await ground.activities.removeMachine(ref);
  expect([await notes(ref), ground.cloud.asked]).toEqual([[], 0]);
});

test('is left where a person cancelled what was heard at work, and kept where nothing had been heard', async () => {
  const { jobs } = ground.dependencies.stores;
  const working = await machine();
  await heard(working, null);
  await jobs.askCancel('default', working.id, Date.now());
  await ground.activities.removeMachine(working);
  expect(await notes(working)).toEqual([]);
  const mute = await machine();
  await jobs.askCancel('default', mute.id, Date.now());
  await ground.activities.removeMachine(mute);
  expect(await notes(mute)).toEqual(kept);
});

test('of a machine that its cloud has deleted is said to be gone, and not that nothing was printed', async () => {
  const ref = await machine();
  ground.cloud.consoles.delete(machineNameOf(ref));
  ground.cloud.machines.get(machineNameOf(ref))?.end('expired');
  await ground.activities.removeMachine(ref);
  expect(await notes(ref)).toEqual([
    'Its cloud had deleted the machine already, and its console with it: what it printed last cannot be read any more.',
  ]);
});

test('keeps no machine from going for longer than a few seconds', async () => {
  const ref = await machine();
  ground.cloud.hangs = true;
  const beganMs = Date.now();
  await ground.activities.removeMachine(ref);
  expect(Date.now() - beganMs).toBeLessThan(6000);
  expect(ground.cloud.machines.has(machineNameOf(ref))).toBe(false);
}, 15_000);
