import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { absentAs } from '../../../../infra/atomic-file.ts';
import { Hypervisor } from '../../../../infra/local/hypervisor.ts';
import { surelyLocked } from '../../../../infra/local/machine-lock.ts';

export interface GuestEnd {
  /** As `machine.py` says it. */
  because: 'finished' | 'expired' | 'killed' | 'out_of_memory';
  exitCode: number | null;
  endedAtMs: number;
}

interface Started {
  machine?: { pid: number; start: string };
}

const startTimeoutMs = 20_000;
/** Asking the kernel whether a silent machine lives costs a process; its exit file says so at once in all other cases. */
const lookTwiceMs = 3_000;

/**
 * What a machine of the simulation really is: the process group of `machine.py`, the local cloud's own, in a folder of
 * its own. It goes on when the simulation dies and is found again by its lock, and everything on it can be ended at once.
 */
export class MachineProcesses {
  readonly #root: string;
  readonly #hypervisor: Hypervisor;
  readonly #lookedAt = new Map<string, number>();

  constructor(root: string, python: string) {
    this.#root = root;
    this.#hypervisor = new Hypervisor(python);
  }

  folder(name: string): string {
    return join(this.#root, name);
  }

  /** Safe to call again, also after a kill at any step: one folder, and its lock lets one machine start. */
  async boot(name: string, entry: string, environment: Record<string, string>, endsAtMs: number): Promise<void> {
    const folder = this.folder(name);
    if (!existsSync(folder)) {
      const making = join(this.#root, `.making-${name}`);
      await rm(making, { recursive: true, force: true });
      await mkdir(join(making, 'work'), { recursive: true });
      await layOutPrograms(join(making, 'bin'), folder);
      await writeFile(join(making, 'machine.lock'), '');
      await writeFile(join(making, 'console.log'), '');
      const content = {
        // Its name is what the metadata server tells it, so that the entry script has to ask; its own programs first.
        command: ['/bin/sh', '-c', 'unset TRAINYARD_MACHINE; PATH="$1:$PATH" exec "$0"', entry, join(folder, 'bin')],
        environment,
        endsAtMs,
        deadlineAtMs: endsAtMs,
        tombstone: join(folder, 'never'),
        temporaryFolder: join(tmpdir(), `ty-sim-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`),
      };
      await writeFile(join(making, 'machine.json'), JSON.stringify(content));
      await rename(making, folder);
    }
    let child: ChildProcess | undefined;
    for (const giveUpAt = Date.now() + startTimeoutMs; Date.now() < giveUpAt; await wait(10)) {
      if (existsSync(join(folder, 'started.json')) || existsSync(join(folder, 'exit.json'))) return;
      if (!child || child.exitCode !== null || child.signalCode !== null)
        child = await this.#hypervisor.start(folder, name);
    }
    throw new Error(`The machine ${name} of the simulation did not start; see ${folder}.`);
  }

  /** How its guest ended, or undefined while it runs. */
  async end(name: string): Promise<GuestEnd | undefined> {
    const folder = this.folder(name);
    const written = await readJson<GuestEnd>(join(folder, 'exit.json'));
    if (written) return written;
    const last = this.#lookedAt.get(name) ?? 0;
    if (Date.now() - last < lookTwiceMs) return undefined;
    this.#lookedAt.set(name, Date.now());
    if (!existsSync(folder) || (await surelyLocked(join(folder, 'machine.lock')))) return undefined;
    await this.#hypervisor.bury(folder);
    return readJson<GuestEnd>(join(folder, 'exit.json'));
  }

  /** It asked to be switched off (`poweroff` on it). */
  wantsOff(name: string): boolean {
    return existsSync(join(this.folder(name), 'poweroff'));
  }

  /** Ends everything on it, asked first; returns when that is confirmed. */
  async stop(name: string): Promise<void> {
    if (existsSync(this.folder(name))) await this.#hypervisor.end(this.folder(name));
  }

  /** As when the host burns down: killed at once, nobody asked. */
  async kill(name: string): Promise<void> {
    const folder = this.folder(name);
    const { machine } = (await readJson<Started>(join(folder, 'started.json'))) ?? {};
    if (machine && (await startOf(machine.pid)) === machine.start) process.kill(machine.pid, 'SIGKILL');
    await this.stop(name);
  }

  /** Its disk. */
  async discard(name: string): Promise<void> {
    await rm(this.folder(name), { recursive: true, force: true, maxRetries: 5 });
  }

  async console(name: string): Promise<Buffer> {
    return absentAs(Buffer.alloc(0), () => readFile(join(this.folder(name), 'console.log')));
  }

  /** Turned off and on again: the same disk, a new start. */
  async forgetEnd(name: string): Promise<void> {
    for (const file of ['exit.json', 'started.json', 'poweroff'])
      await rm(join(this.folder(name), file), { force: true });
  }

  async say(name: string, text: string): Promise<void> {
    const file = await absentAs(undefined, () => open(join(this.folder(name), 'console.log'), 'a'));
    await file?.writeFile(`${text}\n`);
    await file?.close();
  }
}

/** What would switch off the computer that the tests run on, switches off the machine. */
async function layOutPrograms(bin: string, folder: string): Promise<void> {
  await mkdir(bin);
  for (const program of ['poweroff', 'shutdown', 'halt', 'reboot', 'systemctl']) {
    await writeFile(join(bin, program), `#!/bin/sh\ntouch '${folder.replaceAll("'", `'\\''`)}/poweroff'\n`);
    await chmod(join(bin, program), 0o755);
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await absentAs(undefined, () => readFile(path, 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** Tells a process from a later one of the same number; where there is no /proc, `stop` alone does the work. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await absentAs('', () => readFile(`/proc/${pid}/stat`, 'utf8'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
