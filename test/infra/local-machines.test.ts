import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import type { Cloud, Labels } from '../../infra/cloud.ts';
import { openLocalCloud } from '../../infra/local/local-cloud.ts';
import { surelyLocked } from '../../infra/local/machine-lock.ts';
import type { Behaviour } from './cloud-contract.ts';
import { type LocalHouse, openLocalHouse } from './local-house.ts';
import { readUntil, until } from './waiting.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

describe('a machine of the local cloud', () => {
  let house: LocalHouse;
  let cloud: Cloud;
  let ref: AttemptRef;
  let labels: Labels;

  const machineFile = (name: string) => join(house.folder, 'machines', machineNameOf(ref), name);
  const readStarted = async () => JSON.parse(await readFile(machineFile('started.json'), 'utf8'));
  const gone = () => until('nothing runs', async () => (await house.running(ref)).length === 0);
  const prepare = async (of: Cloud, behaviour: Behaviour) => {
    await of.createBucket(labels);
    await of.createSignals(labels);
    await of.putText(ref, 'input/stand-in.json', JSON.stringify(behaviour));
  };
  const order = (endsInMs = 60_000) => ({
    ...ref,
    labels,
    type: 'local',
    spot: false,
    engine: 'sklearn',
    endsAtMs: Date.now() + endsInMs,
    deadlineAtMs: Date.now() + endsInMs,
  });
  const start = async (behaviour: Behaviour = {}) => {
    await prepare(cloud, behaviour);
    await cloud.createMachine(order());
    await until('it sleeps', async () => (await cloud.readConsole(ref)).includes('sleeping'));
    return readStarted();
  };

  beforeAll(async () => {
    house = await openLocalHouse();
    cloud = house.cloud;
  });
  beforeEach(() => {
    ref = { kind: 'prediction', id: randomUUID(), attempt: 2 };
    labels = { kind: ref.kind, id: ref.id, installationId: house.installationId, owner: 'owner' };
  });
  afterEach(async () => {
    await cloud.removeMachine(ref);
    await cloud.removeSignals(ref);
    await cloud.removeBucket(ref);
    expect(await house.running(ref)).toEqual([]);
  });
  afterAll(() => house.close());

  test('that was laid out and not started takes the times of the order that starts it, and then keeps them', async () => {
    await prepare(cloud, {});
    const crippled = openLocalCloud({
      folder: house.folder,
      host: 'test',
      installationId: house.installationId,
      trainerFolder: join(import.meta.dirname, 'stand-in'),
      enginePython: async () => 'python3',
      places: 1,
      pricePerHourMicros: 0,
      heartbeatSeconds: 1,
      logCapBytes: 1_000_000,
      python: '/nowhere/python3',
    });
    await expect(crippled.createMachine(order(-1000))).rejects.toMatchObject({ type: 'CloudUnavailable' });
    expect(await cloud.lookAtMachine(ref)).toMatchObject({ startedAtMs: null });
    const { endsAtMs, deadlineAtMs, ...later } = { ...order(50_000), deadlineAtMs: Date.now() + 40_000 };
    const times = { endsAtMs, deadlineAtMs };
    expect(await cloud.createMachine({ ...later, ...times })).toMatchObject({ state: 'running', ...times });
    expect(await readStarted()).toMatchObject(times);
    expect(JSON.parse(await readFile(machineFile('machine.json'), 'utf8')).environment).toMatchObject({
      TRAINYARD_DEADLINE_AT_MS: String(deadlineAtMs),
      TRAINYARD_ENDS_AT_MS: String(endsAtMs),
    });
    expect(await cloud.createMachine(order())).toMatchObject(times);
  });

  describe('killed', () => {
    test('leaves no process behind, though nobody looks', async () => {
      const { machine } = await start({ strays: true });
      process.kill(machine.pid, 'SIGKILL');
      await gone();
      expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended', endedBecause: 'killed' });
    });

    test('together with its guard, leaves what the next look ends', async () => {
      const { machine, guard, entry } = await start({ strays: true });
      for (const one of [guard, machine, entry]) process.kill(one.pid, 'SIGKILL');
      await until('it is dead', async () => !(await surelyLocked(machineFile('machine.lock'))));
      expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended', endedBecause: 'killed' });
      expect(await house.running(ref)).toEqual([]);
    });

    test('is not started again by a create that is repeated', async () => {
      const { machine } = await start();
      process.kill(machine.pid, 'SIGKILL');
      await gone();
      expect(await cloud.createMachine(order())).toMatchObject({ state: 'ended', endedBecause: 'killed' });
      expect(await house.running(ref)).toEqual([]);
    });

    test('its guard alone changes nothing', async () => {
      const { guard } = await start();
      process.kill(guard.pid, 'SIGKILL');
      await until(
        'the guard is gone',
        async () => !(await readFile(`/proc/${guard.pid}/cmdline`, 'utf8').catch(() => '')),
      );
      expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'running' });
    });

    test('its entry process ends it', async () => {
      const { entry } = await start({ strays: true });
      process.kill(entry.pid, 'SIGKILL');
      await gone();
      expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended', endedBecause: 'killed' });
    });

    test('by a power cut, it ended when it was last seen alive, not when somebody looked', async () => {
      const { machine, guard, entry } = await start();
      for (const one of [guard, machine, entry]) process.kill(one.pid, 'SIGKILL');
      await gone();
      const lastAlive = Math.floor(Date.now() / 1000) - 3600;
      await utimes(machineFile('machine.lock'), lastAlive, lastAlive);
      expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended', endedAtMs: lastAlive * 1000 });
    });
  });

  test('is looked at without a process of its own, as long as it lives', async () => {
    await start();
    expect(await surelyLocked(machineFile('machine.lock'))).toBe(true);
    const startedAt = performance.now();
    for (let looks = 0; looks < 100; looks++) await cloud.lookAtMachine(ref);
    // A hundred starts of Python would take seconds.
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test('never ends a process that has been given an old number', async () => {
    const started = await start();
    for (const one of ['guard', 'machine', 'entry']) process.kill(started[one].pid, 'SIGKILL');
    await gone();
    const innocent = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const dressed = Object.fromEntries(
      ['guard', 'machine', 'entry'].map((one) => [one, { ...started[one], pid: innocent.pid }]),
    );
    await writeFile(machineFile('started.json'), JSON.stringify({ ...started, ...dressed }));
    expect(await cloud.lookAtMachine(ref)).toMatchObject({ state: 'ended' });
    await cloud.removeMachine(ref);
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
    innocent.kill('SIGKILL');
  });

  test('gets what the contract says, and nothing of the environment of who made it', async () => {
    process.env['SECRET_OF_THE_WORKER'] = 'secret';
    await start();
    delete process.env['SECRET_OF_THE_WORKER'];
    const console = await cloud.readConsole(ref);
    const names: string[] = JSON.parse(/^environment: (.*)$/m.exec(console)?.[1] ?? '[]');
    const contract = await readFile(join(repository, 'docs/trainer-contract.md'), 'utf8');
    // What only a machine elsewhere is told stands below the line that names the cloud.
    const told = contract.slice(0, contract.indexOf('`TRAINYARD_CLOUD`')).match(/`TRAINYARD_\w+`/g) ?? [];
    expect(told.length).toBeGreaterThan(10);
    expect(names).toEqual(expect.arrayContaining(told.map((name) => name.slice(1, -1))));
    const allowed =
      /^(TRAINYARD_.*|PATH|HOME|TMPDIR|LANG|TZ|PWD|OLDPWD|SHLVL|_|LC_CTYPE|LD_LIBRARY_PATH|JAVA_HOME|PYENV_.*)$/;
    expect(names.filter((name) => !allowed.test(name))).toEqual([]);
    expect(console).toContain('work: True []');
  });

  test('leaves no temporary files when it is gone', async () => {
    const ours = async () => {
      const path: string = JSON.parse(await readFile(machineFile('machine.json'), 'utf8')).temporaryFolder;
      return path;
    };
    await start();
    const folder = await ours();
    expect(await readdir(folder)).toEqual([]);
    await writeFile(join(folder, 'left'), 'x');
    await cloud.removeMachine(ref);
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is removed by the command that is named to a person', async () => {
    await start({ strays: true });
    for (const thing of await cloud.list()) await run('bash', ['-c', cloud.manualRemoval(thing)]);
    expect(await house.running(ref)).toEqual([]);
    expect(await cloud.list()).toEqual([]);
  });

  test('is started once, however many start it at the same time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ty-many-'));
    const plan = {
      command: ['/bin/sh', '-c', 'echo once; sleep 60'],
      environment: { TRAINYARD_MACHINE: basename(folder) },
      endsAtMs: Date.now() + 60_000,
      tombstone: join(folder, 'tombstone'),
      temporaryFolder: join(folder, 'tmp'),
    };
    await writeFile(join(folder, 'machine.json'), JSON.stringify(plan));
    await writeFile(join(folder, 'machine.lock'), '');
    const python = (await run('python3', ['-c', 'import sys; print(sys.executable)'])).stdout.trim();
    const program = join(repository, 'infra/local/machine.py');
    for (let starts = 0; starts < 6; starts++)
      spawn(python, [program, 'run', folder], { stdio: 'ignore', detached: true });
    const said = () => readFile(join(folder, 'console.log'), 'utf8').catch(() => '');
    await until('it started', async () => (await said()) !== '');
    // The others are gone when a look finds one guard and one machine.
    const ours = async () => (await run('pgrep', ['-f', `run ${folder}`])).stdout.trim().split('\n').length;
    await until('one is left', async () => (await ours()) === 2);
    expect(await said()).toBe('once\n');
    await run(python, [program, 'end', folder]);
    await rm(folder, { recursive: true });
  });

  test('ends nothing in a folder that is no machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trainyard-no-machine-'));
    await mkdir(join(folder, 'work'));
    const innocent = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', cwd: join(folder, 'work') });
    for (const verb of ['end', 'bury', 'run']) {
      await run('python3', ['-B', join(repository, 'infra/local/machine.py'), verb, folder]);
    }
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
    innocent.kill('SIGKILL');
    expect(await readdir(folder)).toEqual(['work']);
    await rm(folder, { recursive: true });
  });

  test('forgets its tombstone after a week, and what died half-made after minutes', async () => {
    await start();
    await cloud.removeMachine(ref);
    const stone = join(house.folder, 'tombstones', house.installationId, `machine.${machineNameOf(ref)}.json`);
    const weekAgo = Date.now() / 1000 - 8 * 86_400;
    await cloud.list();
    await expect(cloud.createMachine(order())).rejects.toMatchObject({ type: 'CreateRevoked' });
    await utimes(stone, weekAgo, weekAgo);
    await cloud.list();
    expect(await cloud.createMachine(order())).toMatchObject({ state: 'running' });
  });

  test('says how it can be helped when Python cannot be run', async () => {
    const helpless = openLocalCloud({
      folder: house.folder,
      host: 'test',
      installationId: house.installationId,
      trainerFolder: 'nowhere',
      enginePython: async () => 'python3',
      places: 1,
      pricePerHourMicros: 0,
      heartbeatSeconds: 10,
      logCapBytes: 1,
      python: '/no/python',
    });
    await prepare(helpless, {});
    await expect(helpless.createMachine(order())).rejects.toMatchObject({
      type: 'CloudUnavailable',
      message: 'Python could not be run as “/no/python”.',
    });
  });

  test('runs the real entry script and runner, whose events are read to the last', async () => {
    const real = await openLocalHouse(join(repository, 'trainer-image'));
    const mine = { ...labels, installationId: real.installationId };
    await real.cloud.createBucket(mine);
    await real.cloud.createSignals(mine);
    await real.cloud.putText(ref, 'input/spec.json', '{"kind": "nonsense"}');
    await real.cloud.createMachine({ ...order(), labels: mine });
    const events = await readUntil(real.cloud, ref, 0, (all) =>
      ['failed', 'finished'].includes(all.at(-1)?.type ?? ''),
    );
    expect(events.map((event) => event.seq)).toEqual(events.map((_, nth) => nth + 1));
    expect(events[0]).toMatchObject({ type: 'hello' });
    expect(events.at(-1)).toMatchObject({ type: 'failed' });
    await until('it ended', async () => (await real.cloud.lookAtMachine(ref)).state === 'ended');
    expect(await real.cloud.lookAtMachine(ref)).toMatchObject({ endedBecause: 'finished' });
    await until('nothing runs', async () => (await real.running(ref)).length === 0);
    // Uploaded when the attempt ended, so it can be read with the machine's own spool gone.
    await real.cloud.removeMachine(ref);
    await real.cloud.removeSignals(ref);
    const again = await readUntil(real.cloud, ref, 1, (all) => all.length === events.length - 1);
    expect(again).toEqual(events.slice(1));
    await real.cloud.removeBucket(ref);
    expect(await real.cloud.list()).toEqual([]);
    await real.close();
  });
});

describe('the processes of a machine', () => {
  const python = async (script: string) => {
    const path = { ...process.env, PYTHONPATH: join(repository, 'infra/local'), PYTHONDONTWRITEBYTECODE: '1' };
    return (await run('python3', ['-c', script], { env: path, cwd: tmpdir() })).stdout.trim();
  };

  test('are found and ended where there is no /proc, too', async () => {
    const found = await python(`
import os, signal, subprocess, processes
processes.HAS_PROC = False
child = subprocess.Popen(["sleep", "61"], env={**os.environ, "TRAINYARD_MACHINE": "ty-ps"})
other = subprocess.Popen(["sleep", "61"], env={**os.environ, "TRAINYARD_MACHINE": "ty-ps-2"})
found = [one.pid for one in processes.find("ty-ps", "/nowhere")]
named = processes.name_of_this(child.pid)
print(found == [child.pid], processes.found_again(named).pid == child.pid)
processes.end(processes.process(child.pid), signal.SIGKILL)
child.wait()
print(processes.found_again(named), processes.find("ty-ps", "/nowhere"))
other.kill()
other.wait()
`);
    expect(found.split('\n')).toEqual(['True True', 'None []']);
  });

  test('may talk without end: the console keeps the last of it', async () => {
    const said = await python(`
import os, tempfile
from machine_folder import CONSOLE_CAP_BYTES, CONSOLE_KEPT_BYTES, Machine
with tempfile.TemporaryDirectory() as folder:
    machine = Machine(folder)
    machine.cut_console()
    with open(machine.path("console.log"), "ab") as console:
        console.write(b"x" * CONSOLE_CAP_BYTES + b"the end")
        console.flush()
        machine.cut_console()
        console.write(b" goes on")
    text = open(machine.path("console.log")).read()
    print(len(text) < CONSOLE_KEPT_BYTES + 100, text[:1], text.endswith("the end goes on"))
`);
    expect(said).toBe('True [ True');
  });
});
