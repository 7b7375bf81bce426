import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptRef, Holder } from '../../domain/ids.ts';
import { bucketNameOf, machineNameOf } from '../../domain/ids.ts';
import type { Cloud, Labels, MachineOrder } from '../../infra/cloud.ts';
import { readUntil, until } from './waiting.ts';

/** What the stand-in for the runner is to do on a machine; see stand-in/stand_in.py. */
export interface Behaviour {
  /** How many log lines it says, how many to a segment, with how many seconds between. */
  say?: number;
  segment?: number;
  pause?: number;
  /** Ends with this code; without it, it stays. */
  exit?: number;
  /** Leaves processes behind that do not want to end. */
  strays?: boolean;
}

export type CrashingCall =
  | 'createBucket'
  | 'createSignals'
  | 'createMachine'
  | 'removeMachine'
  | 'removeSignals'
  | 'removeBucket';

/** A cloud to try, with ways to see and to hurt it that are not the cloud's own. */
export interface House {
  cloud: Cloud;
  installationId: string;
  /** The same place, as another installation sees it. */
  neighbour(): Cloud;
  /** Makes the call in a process that is killed right before its n-th act; false when the call got to its end. */
  diesBefore(act: number, call: CrashingCall, argument: unknown): Promise<boolean>;
  /** What really runs on that machine, by the account of whoever runs it. */
  running(ref: AttemptRef): Promise<string[]>;
  close(): Promise<void>;
}

/** What is different where a machine is more than a process. */
export interface Pace {
  /** A machine type that it offers. */
  type: string;
  /** How much longer things may take. */
  slower: number;
  /** How near the end of its own may be that a machine is made with. */
  shortEndMs: number;
  /** Before which acts of a call its process dies; each of them, where that is quick. */
  crashesBefore?: readonly number[];
}

/** Each number once, until whoever asks has seen the call get to its end. */
function* eachAct(): Generator<number> {
  for (let act = 1; ; act++) yield act;
}

/** What every Cloud must do. Clocks are real: an end of its own is a second or two away. */
export function holdsCloudContract(
  name: string,
  open: () => Promise<House>,
  { type, slower, shortEndMs, crashesBefore }: Pace = { type: 'local', slower: 1, shortEndMs: 2500 },
): void {
  describe(`${name} keeps the contract of a cloud`, () => {
    const acts = () => crashesBefore ?? eachAct();
    let house: House;
    let cloud: Cloud;
    let ref: AttemptRef;

    const labelsFor = (holder: Holder): Labels => {
      return { kind: holder.kind, id: holder.id, installationId: house.installationId, owner: 'owner' };
    };
    const orderFor = (of: AttemptRef, endsInMs = 60_000 * slower): MachineOrder => ({
      ...of,
      labels: labelsFor(of),
      type,
      spot: false,
      engine: 'sklearn',
      endsAtMs: Date.now() + endsInMs,
      deadlineAtMs: Date.now() + endsInMs,
    });
    const ground = async (of: AttemptRef, behaviour: Behaviour = {}): Promise<void> => {
      await cloud.createBucket(labelsFor(of));
      await cloud.createSignals(labelsFor(of));
      await cloud.putText(of, 'input/stand-in.json', JSON.stringify(behaviour));
    };
    const newRef = (): AttemptRef => ({ kind: 'job', id: randomUUID(), attempt: 1 });
    const names = async (of: Cloud = cloud) =>
      (await of.list()).map((thing) => `${thing.kind} ${thing.name}`).toSorted();
    const sleeping = () => until('it sleeps', async () => (await cloud.readConsole(ref)).includes('sleeping'));
    const nothingRuns = (withinMs = 10_000) =>
      until('nothing runs', async () => (await house.running(ref)).length === 0, withinMs);

    beforeAll(async () => {
      house = await open();
      cloud = house.cloud;
    });
    beforeEach(() => {
      ref = newRef();
    });
    afterEach(async () => {
      for (const thing of await cloud.list()) {
        const { kind, id } = thing.labels;
        if (thing.attempt !== null) await cloud.removeMachine({ kind, id, attempt: thing.attempt });
      }
      for (const thing of await cloud.list()) {
        if (thing.kind === 'bucket') await cloud.removeBucket(thing.labels);
        else await cloud.removeSignals(thing.labels);
      }
    });
    afterAll(() => house.close());

    describe('bucket', () => {
      test('keeps files and texts under names, and gives them back', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'trainyard-contract-'));
        await writeFile(join(folder, 'a'), 'some bytes');
        await cloud.createBucket(labelsFor(ref));
        await cloud.putObject(ref, 'input/data.parquet', join(folder, 'a'));
        await cloud.putText(ref, 'input/spec.json', '{}');
        await cloud.putText(ref, 'input/spec.json', '{"second": 1}');
        expect(await cloud.listObjects(ref, 'input/')).toEqual(['input/data.parquet', 'input/spec.json']);
        expect(await cloud.listObjects(ref, 'input/d')).toEqual(['input/data.parquet']);
        expect(await cloud.listObjects(ref, '')).toHaveLength(2);
        expect(await cloud.getText(ref, 'input/spec.json')).toBe('{"second": 1}');
        expect(await cloud.getObject(ref, 'input/data.parquet', join(folder, 'b'))).toBe(true);
        expect(await readFile(join(folder, 'b'), 'utf8')).toBe('some bytes');
        expect(await cloud.getObject(ref, 'input/none', join(folder, 'c'))).toBe(false);
        expect(await cloud.getText(ref, 'input/none')).toBeUndefined();
        await rm(folder, { recursive: true });
      });

      test.each(['', '/x', '../x', 'a/../../x', 'a//b', 'a/.', '.hidden'])('refuses the name %j', async (object) => {
        await cloud.createBucket(labelsFor(ref));
        await expect(cloud.putText(ref, object, 'x')).rejects.toMatchObject({ type: 'Bug' });
        await expect(async () => cloud.getText(ref, object)).rejects.toMatchObject({ type: 'Bug' });
      });

      test('a put that comes after the remove brings nothing back', async () => {
        await cloud.createBucket(labelsFor(ref));
        await cloud.removeBucket(ref);
        await expect(cloud.putText(ref, 'a/b', 'x')).rejects.toMatchObject({ type: 'CreateRevoked' });
        expect(await names()).toEqual([]);
        expect(await cloud.getText(ref, 'a/b')).toBeUndefined();
        expect(await cloud.listObjects(ref, '')).toEqual([]);
      });
    });

    describe('create and remove', () => {
      test('create twice is create once, also at the same time; remove twice is remove once', async () => {
        await ground(ref);
        await cloud.createBucket(labelsFor(ref));
        await cloud.createSignals(labelsFor(ref));
        expect(await cloud.getText(ref, 'input/stand-in.json')).toBe('{}');
        const order = orderFor(ref);
        const [one, two] = await Promise.all([cloud.createMachine(order), cloud.createMachine(order)]);
        expect(two).toEqual(one);
        expect(await cloud.createMachine(order)).toEqual(one);
        await sleeping();
        expect((await cloud.readConsole(ref)).match(/sleeping/g)).toHaveLength(1);
        expect(await names()).toEqual([
          `bucket ${bucketNameOf(ref)}`,
          `machine ${machineNameOf(ref)}`,
          `signals ${bucketNameOf(ref)}`,
        ]);

        const [gone, goneToo] = await Promise.all([cloud.removeMachine(ref), cloud.removeMachine(ref)]);
        expect(await house.running(ref)).toEqual([]);
        expect(gone).toMatchObject({ state: 'absent', startedAtMs: one.startedAtMs, endedBecause: 'killed' });
        expect(goneToo).toEqual(gone);
        expect(await cloud.removeMachine(ref)).toEqual(gone);
        for (let times = 0; times < 2; times++) {
          await cloud.removeSignals(ref);
          await cloud.removeBucket(ref);
        }
        expect(await names()).toEqual([]);
      });

      test('removes what never was', async () => {
        const gone = {
          name: machineNameOf(ref),
          state: 'absent',
          startedAtMs: null,
          endedAtMs: null,
          endedBecause: null,
        };
        expect(await cloud.lookAtMachine(ref)).toEqual(gone);
        expect(await cloud.removeMachine(ref)).toEqual(gone);
        await cloud.removeSignals(ref);
        await cloud.removeBucket(ref);
      });

      test('refuses a create that comes after its remove', async () => {
        await ground(ref);
        await cloud.removeMachine(ref);
        await expect(cloud.createMachine(orderFor(ref))).rejects.toMatchObject({ type: 'CreateRevoked' });
        // The next attempt is another machine.
        expect(await cloud.createMachine(orderFor({ ...ref, attempt: 2 }))).toMatchObject({ state: 'running' });
        await cloud.removeMachine({ ...ref, attempt: 2 });
        await cloud.removeSignals(ref);
        await cloud.removeBucket(ref);
        await expect(cloud.createSignals(labelsFor(ref))).rejects.toMatchObject({ type: 'CreateRevoked' });
        await expect(cloud.createBucket(labelsFor(ref))).rejects.toMatchObject({ type: 'CreateRevoked' });
        expect(await names()).toEqual([]);
      });

      test('a remove and a create at the same time end with nothing', async () => {
        const refs = Array.from({ length: 6 }, newRef);
        await Promise.all(refs.map((of) => ground(of)));
        const creating = refs.map((of) => cloud.createMachine(orderFor(of)).catch((error: unknown) => error));
        await Promise.all(
          refs.map(async (of, nth) => {
            await new Promise((resolve) => setTimeout(resolve, nth * 15));
            await cloud.removeMachine(of);
          }),
        );
        await Promise.all(creating);
        expect((await names()).filter((thing) => thing.startsWith('machine'))).toEqual([]);
        expect((await Promise.all(refs.map((of) => house.running(of)))).flat()).toEqual([]);
      });

      test('lists by label what there is, and leaves another installation alone', async () => {
        const neighbour = house.neighbour();
        const theirs = newRef();
        const labels = { ...labelsFor(theirs), installationId: 'neighbour' };
        await neighbour.createBucket(labels);
        await neighbour.createSignals(labels);
        await neighbour.putText(theirs, 'input/stand-in.json', '{}');
        await neighbour.createMachine({ ...orderFor(theirs), labels });
        await ground(ref);

        expect((await cloud.list()).map(({ kind, labels: of }) => [kind, of])).toEqual(
          expect.arrayContaining([
            ['bucket', labelsFor(ref)],
            ['signals', labelsFor(ref)],
          ]),
        );
        expect(await cloud.list()).toHaveLength(2);
        expect(await cloud.lookAtMachine(theirs)).toMatchObject({ state: 'absent' });
        expect(await cloud.getText(theirs, 'input/stand-in.json')).toBeUndefined();
        await cloud.removeMachine(theirs);
        await cloud.removeSignals(theirs);
        await cloud.removeBucket(theirs);
        expect(await neighbour.list()).toHaveLength(3);
        expect(await neighbour.lookAtMachine(theirs)).toMatchObject({ state: 'running' });

        await neighbour.removeMachine(theirs);
        await neighbour.removeSignals(theirs);
        await neighbour.removeBucket(theirs);
        expect(await neighbour.list()).toEqual([]);
      });

      test('names a command for every thing, by which a person can remove it', async () => {
        await ground(ref);
        for (const thing of await cloud.list()) expect(cloud.manualRemoval(thing)).toContain(thing.name);
      });
    });

    describe('a crash right before any act of a call', () => {
      /** Some twenty processes in a row; each is quick, but a busy machine is not. */
      const timeoutMs = 180_000 * slower;

      const everywhere = async (call: CrashingCall, argument: () => unknown, then: () => Promise<void>) => {
        let deaths = 0;
        for (const act of acts()) {
          const died = await house.diesBefore(act, call, argument());
          await then();
          if (!died) break;
          deaths++;
          ref = newRef();
          await ground(ref);
        }
        // Fewer would mean that nothing was hurt at all.
        expect(deaths).toBeGreaterThanOrEqual(crashesBefore?.length ?? 3);
      };

      test.each(['createBucket', 'createSignals'] as const)(
        '%s goes on when it is called again',
        async (call) => {
          const made = call === 'createBucket' ? ['bucket'] : ['bucket', 'signals'];
          for (const act of acts()) {
            // Signals come after the bucket, always.
            if (call === 'createSignals') await cloud.createBucket(labelsFor(ref));
            const died = await house.diesBefore(act, call, labelsFor(ref));
            await cloud[call](labelsFor(ref));
            expect(await names()).toEqual(made.map((kind) => `${kind} ${bucketNameOf(ref)}`));
            if (call === 'createSignals') await cloud.removeSignals(ref);
            await cloud.removeBucket(ref);
            expect(await names()).toEqual([]);
            if (!died) break;
            ref = newRef();
          }
        },
        timeoutMs,
      );

      test(
        'createMachine goes on when it is called again, and starts one machine',
        async () => {
          await ground(ref);
          await everywhere(
            'createMachine',
            () => orderFor(ref),
            async () => {
              expect(await cloud.createMachine(orderFor(ref))).toMatchObject({ state: 'running' });
              await sleeping();
              expect((await cloud.readConsole(ref)).match(/sleeping/g)).toHaveLength(1);
              await cloud.removeMachine(ref);
              expect(await house.running(ref)).toEqual([]);
            },
          );
        },
        timeoutMs,
      );

      test(
        'a machine whose making died is removed as any other',
        async () => {
          await ground(ref);
          await everywhere(
            'createMachine',
            () => orderFor(ref),
            async () => {
              await cloud.removeMachine(ref);
              await nothingRuns();
              expect((await names()).filter((thing) => thing.startsWith('machine'))).toEqual([]);
            },
          );
        },
        timeoutMs,
      );

      test.each(['removeBucket', 'removeSignals'] as const)(
        '%s goes on when it is called again',
        async (call) => {
          for (const act of acts()) {
            await ground(ref);
            const died = await house.diesBefore(act, call, ref);
            await cloud[call](ref);
            expect((await cloud.list()).filter((thing) => call.toLowerCase().includes(thing.kind))).toEqual([]);
            if (!died) break;
            ref = newRef();
          }
        },
        timeoutMs,
      );

      test(
        'removeMachine goes on when it is called again, and still knows the times',
        async () => {
          for (const act of acts()) {
            await ground(ref);
            const { startedAtMs } = await cloud.createMachine(orderFor(ref));
            const died = await house.diesBefore(act, 'removeMachine', ref);
            expect(await cloud.removeMachine(ref)).toMatchObject({
              state: 'absent',
              startedAtMs,
              endedBecause: 'killed',
            });
            expect(await house.running(ref)).toEqual([]);
            expect((await names()).filter((thing) => thing.startsWith('machine'))).toEqual([]);
            if (!died) break;
            ref = newRef();
          }
        },
        timeoutMs,
      );
    });

    describe('machine', () => {
      test('ends when its entry process ends, and stays to be looked at until it is removed', async () => {
        await ground(ref, { exit: 3, strays: true });
        const made = await cloud.createMachine(orderFor(ref));
        await until('it ended', async () => (await cloud.lookAtMachine(ref)).state === 'ended');
        const seen = await cloud.lookAtMachine(ref);
        expect(seen).toMatchObject({ state: 'ended', endedBecause: 'finished', startedAtMs: made.startedAtMs });
        expect(seen.endedAtMs).toBeGreaterThanOrEqual(seen.startedAtMs ?? Number.NaN);
        await nothingRuns();
        expect(await cloud.createMachine(orderFor(ref))).toMatchObject(seen);
        expect((await cloud.readConsole(ref)).match(/environment/g)).toHaveLength(1);
        const { state: _, ...times } = seen;
        expect(await cloud.removeMachine(ref)).toEqual({ state: 'absent', ...times });
      });

      test('is gone at the end fixed when it was made, though whoever made it is dead', async () => {
        await ground(ref, { strays: true });
        const order = orderFor(ref, shortEndMs);
        expect(await house.diesBefore(0, 'createMachine', order)).toBe(false);
        expect(await house.running(ref)).not.toEqual([]);
        // Nobody looks at it meanwhile.
        await nothingRuns(shortEndMs + 10_000);
        expect(Date.now()).toBeGreaterThanOrEqual(order.endsAtMs);
        expect(Date.now()).toBeLessThan(order.endsAtMs + 4000);
        expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended', endedBecause: 'expired' });
      });

      test('is removed with all that runs on it, however stubborn', async () => {
        await ground(ref, { strays: true });
        await cloud.createMachine(orderFor(ref));
        await sleeping();
        expect((await house.running(ref)).length).toBeGreaterThan(5);
        await cloud.removeMachine(ref);
        expect(await house.running(ref)).toEqual([]);
      });
    });

    describe('signals', () => {
      const expected = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

      test('come exactly as they were said, in segments, to one who reconnects', async () => {
        await ground(ref, { say: 2500, segment: 1000, exit: 0 });
        await cloud.createMachine(orderFor(ref));
        const first = await readUntil(cloud, ref, 0, (events) => events.length >= 700);
        const at = first.at(-1)?.seq ?? 0;
        const second = await readUntil(cloud, ref, at, (events) => events.at(-1)?.seq === 2500);
        expect([...first, ...second].map((event) => event.seq)).toEqual(expected(1, 2500));
        expect(second.at(-1)).toMatchObject({ type: 'log', text: 'line 2500' });
      });

      test('come within moments of being said', async () => {
        // Where a machine speaks long before whoever made it is told so, it speaks for longer.
        const lines = 20 + 6 * (slower - 1);
        await ground(ref, { say: lines, pause: slower === 1 ? 0.03 : 0.3, segment: 8, exit: 0 });
        await cloud.createMachine(orderFor(ref));
        const delays: number[] = [];
        let heard = 0;
        let caughtUp = slower === 1;
        await readUntil(cloud, ref, 0, (events) => {
          for (const event of events.slice(heard)) {
            const delay = Date.now() - event.atMs;
            // What was said before anybody listened comes late, and holds up what follows it.
            caughtUp ||= delay < 250;
            if (caughtUp) delays.push(delay);
          }
          heard = events.length;
          // As a relay does: a channel may hold back what follows until then.
          void cloud.ackSignals(ref, events.at(-1)?.seq ?? 0);
          return delays.length >= (slower === 1 ? 20 : 10);
        });
        // The first may wait for a reader that had found nothing for a while.
        expect(Math.max(...delays.slice(1))).toBeLessThan(1000);
      });

      test('may be acknowledged again, and late', async () => {
        await ground(ref, { say: 5, exit: 0 });
        await cloud.createMachine(orderFor(ref));
        await readUntil(cloud, ref, 0, (events) => events.length === 5);
        await cloud.ackSignals(ref, 5);
        await cloud.ackSignals(ref, 3);
        expect(await readUntil(cloud, ref, 3, (events) => events.length === 2)).toHaveLength(2);
        await cloud.removeMachine(ref);
        await cloud.removeSignals(ref);
        await cloud.ackSignals(ref, 5);
        expect((await names()).filter((thing) => thing.startsWith('signals'))).toEqual([]);
      });
    });
  });
}
