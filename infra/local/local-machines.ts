import type { ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import { absentAs, makingPrefix, readTextIfThere } from '../atomic-file.ts';
import type { MachineMade, MachineOrder, MachineSeen } from '../cloud.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { LabelledFolders } from './labelled-folders.ts';
import { surelyLocked } from './machine-lock.ts';

const consoleShownBytes = 64 * 1024;
const startTimeoutMs = 20_000;

/** What `machine.py` is told, whole, so that any worker can start a machine that another one has only laid out. */
export interface MachinePlan {
  command: string[];
  environment: Record<string, string>;
}

/** As `machine.json` has it. */
interface MachineContent extends MachinePlan, Pick<MachineOrder, 'endsAtMs' | 'deadlineAtMs'> {
  tombstone: string;
  temporaryFolder: string;
}

interface Written {
  /** With the times that it started with. */
  started: ({ startedAtMs: number } & Pick<MachineOrder, 'endsAtMs' | 'deadlineAtMs'>) | undefined;
  exit: { because: MachineSeen['endedBecause']; endedAtMs: number } | undefined;
}

/** Machines that are process groups of this host, each in its folder, kept by `machine.py`. */
export class LocalMachines {
  readonly #folders: LabelledFolders;
  readonly #hypervisor: Hypervisor;

  constructor(folders: LabelledFolders, hypervisor: Hypervisor) {
    this.#folders = folders;
    this.#hypervisor = hypervisor;
  }

  /** Every step may be the last of this process: the folder is there whole or not, and its lock lets only one start it. */
  async create(order: MachineOrder, planFor: (folder: string) => Promise<MachinePlan>): Promise<MachineMade> {
    const name = machineNameOf(order);
    const folder = this.#folders.folder('machine', name);
    await this.#folders.refuseRevoked('machine', name);
    try {
      if (await this.#folders.own('machine', name)) await this.#renewTimes(folder, order, planFor);
      else {
        const content = this.#contentFor(order, folder, await planFor(folder));
        const about = { labels: order.labels, attempt: order.attempt };
        await this.#folders.create('machine', name, about, (making) => layOut(making, content));
      }
      await this.#start(folder, name);
    } catch (error) {
      // Whoever removed it may have looked before the folder was there; machine.py starts nothing beside a tombstone.
      if (await this.#folders.tombstone('machine', name)) await this.remove(order);
      throw error;
    }
    const { started } = await readWritten(folder);
    const { endsAtMs, deadlineAtMs } = started ?? order;
    return { ...(await this.look(order)), endsAtMs, deadlineAtMs };
  }

  /** Laid out, and then whoever made it died: what was decided then may be long over when it is made at last. */
  async #renewTimes(
    folder: string,
    order: MachineOrder,
    planFor: (folder: string) => Promise<MachinePlan>,
  ): Promise<void> {
    const { started, exit } = await readWritten(folder);
    const known = await readJson<MachineContent>(join(folder, 'machine.json'));
    if (started || exit || !known) return;
    if (known.endsAtMs === order.endsAtMs && known.deadlineAtMs === order.deadlineAtMs) return;
    const content = this.#contentFor(order, folder, await planFor(folder));
    const beside = join(folder, `${makingPrefix}${randomUUID()}`);
    // The folder may be going at this moment; whoever starts it next finds the tombstone.
    await absentAs(undefined, async () => {
      await writeContent(beside, content);
      await rename(beside, join(folder, 'machine.json'));
    });
  }

  #contentFor(order: MachineOrder, folder: string, plan: MachinePlan): MachineContent {
    return {
      ...plan,
      endsAtMs: order.endsAtMs,
      deadlineAtMs: order.deadlineAtMs,
      tombstone: this.#folders.tombstonePath('machine', machineNameOf(order)),
      temporaryFolder: join(tmpdir(), `ty-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`),
    };
  }

  async #start(folder: string, name: string): Promise<void> {
    const giveUpAt = Date.now() + startTimeoutMs;
    let child: ChildProcess | undefined;
    for (let starts = 0; Date.now() < giveUpAt; ) {
      const { started, exit } = await readWritten(folder);
      if (started || exit) return;
      await this.#folders.refuseRevoked('machine', name);
      if (!child || hasEnded(child)) {
        if (starts++ === 3) break;
        child = await this.#hypervisor.start(folder, name);
      }
      await wait(10);
    }
    const said = (await readEnd(join(folder, 'console.log'), 2000)).trim().split('\n').at(-1);
    throw new TrainyardError('CloudUnavailable', `The machine ${name} did not start${said ? `: ${said}` : '.'}`);
  }

  async look(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const folder = this.#folders.folder('machine', name);
    if (!(await this.#folders.own('machine', name))) return this.#absent(name);
    const before = await readWritten(folder);
    if (before.exit) return ended(name, before);
    if (await surelyLocked(join(folder, 'machine.lock'))) return living(name, before);

    await this.#hypervisor.bury(folder);
    const after = await readWritten(folder);
    if (after.exit) return ended(name, after);
    if (after.started) return living(name, after);
    return this.#notStarted(name, folder);
  }

  /** Laid out, and then whoever made it died. It is still to be started, until the time when it would have ended. */
  async #notStarted(name: string, folder: string): Promise<MachineSeen> {
    const order = await readJson<{ endsAtMs: number }>(join(folder, 'machine.json'));
    if (!order) return this.#absent(name);
    if (Date.now() < order.endsAtMs) return living(name, { started: undefined, exit: undefined });
    return { name, state: 'ended', startedAtMs: null, endedAtMs: order.endsAtMs, endedBecause: 'expired' };
  }

  async remove(ref: AttemptRef): Promise<MachineSeen> {
    const name = machineNameOf(ref);
    const folder = this.#folders.folder('machine', name);
    await this.#folders.leaveTombstone('machine', name);
    if (await this.#folders.own('machine', name)) {
      await this.#hypervisor.end(folder);
      const written = await readWritten(folder);
      // Before the folder goes: a remove that is asked again must still know the times, since the bill follows them.
      if (written.exit) await this.#folders.leaveTombstone('machine', name, timesOf(written));
    }
    await this.#folders.discard('machine', name);
    return this.#absent(name);
  }

  async console(ref: AttemptRef): Promise<string> {
    const name = machineNameOf(ref);
    if (!(await this.#folders.own('machine', name))) return '';
    return readEnd(join(this.#folders.folder('machine', name), 'console.log'), consoleShownBytes);
  }

  async #absent(name: string): Promise<MachineSeen> {
    const stone = await this.#folders.tombstone('machine', name);
    const unknown = { startedAtMs: null, endedAtMs: null, endedBecause: null };
    return { name, state: 'absent', ...(stone?.machine ?? unknown) };
  }
}

async function layOut(making: string, content: MachineContent): Promise<void> {
  await mkdir(join(making, 'work'));
  await writeFile(join(making, 'machine.lock'), '');
  await writeFile(join(making, 'console.log'), '');
  await writeContent(join(making, 'machine.json'), content);
}

async function writeContent(path: string, content: MachineContent): Promise<void> {
  await writeFile(path, JSON.stringify(content), { mode: 0o600, flush: true });
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function timesOf({ started, exit }: Written) {
  return {
    startedAtMs: started?.startedAtMs ?? null,
    endedAtMs: exit?.endedAtMs ?? null,
    endedBecause: exit?.because ?? null,
  };
}

function living(name: string, { started }: Written): MachineSeen {
  const state = started ? 'running' : 'starting';
  return { name, state, startedAtMs: started?.startedAtMs ?? null, endedAtMs: null, endedBecause: null };
}

function ended(name: string, written: Written): MachineSeen {
  return { name, state: 'ended', ...timesOf(written) };
}

async function readWritten(folder: string): Promise<Written> {
  // In this order: an exit file is written after the other, never before.
  const exit = await readJson<NonNullable<Written['exit']>>(join(folder, 'exit.json'));
  const started = await readJson<NonNullable<Written['started']>>(join(folder, 'started.json'));
  return { started, exit };
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const content: T = JSON.parse(text);
  return content;
}

/** The last bytes of a file, from the beginning of a line. */
async function readEnd(path: string, bytes: number): Promise<string> {
  const file = await absentAs(undefined, () => open(path, 'r'));
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}
