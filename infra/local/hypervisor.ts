import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TrainyardError } from '../../domain/failures.ts';

const run = promisify(execFile);
const machineProgram = join(import.meta.dirname, 'machine.py');
/** Standard library only, whatever the user has set up for Python: a start costs half, and nothing strange gets in. */
const plain = ['-E', '-s', '-S'];

/** All that a machine gets of the environment of whoever makes it: where programs are, and nothing to sign in with. */
const passedOn = ['PATH', 'TZ', 'LD_LIBRARY_PATH', 'JAVA_HOME', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'];

/** Longer than machine.py takes to ask, kill and give up. */
const endTimeoutMs = 40_000;

/** Talks to `machine.py`, which knows how processes are started, found and ended. */
export class Hypervisor {
  readonly #python: string;
  #interpreter: Promise<string> | undefined;

  constructor(python: string) {
    this.#python = python;
  }

  /** Starts the machine in that folder, as a process that outlives this one. */
  async start(folder: string, name: string): Promise<ChildProcess> {
    const python = await this.#realInterpreter();
    const console = await open(join(folder, 'console.log'), 'a');
    try {
      const child = spawn(python, [...plain, machineProgram, 'run', folder], {
        cwd: '/',
        detached: true,
        env: { ...scrubbed(), TRAINYARD_MACHINE: name },
        stdio: ['ignore', console.fd, console.fd],
      });
      // Without a listener, one that cannot be started would end this process.
      child.on('error', () => {});
      child.unref();
      return child;
    } finally {
      await console.close();
    }
  }

  /** If the machine's process died, ends what it left and writes down when; nothing to one that lives. */
  async bury(folder: string): Promise<void> {
    await this.#do('bury', folder);
  }

  /** Ends the machine with everything on it; returns when that is confirmed. */
  async end(folder: string): Promise<void> {
    await this.#do('end', folder);
  }

  async #do(verb: 'bury' | 'end', folder: string): Promise<void> {
    const python = await this.#realInterpreter();
    try {
      await run(python, [...plain, machineProgram, verb, folder], { cwd: '/', env: scrubbed(), timeout: endTimeoutMs });
    } catch (error) {
      const hasSpoken = typeof error === 'object' && error !== null && 'stderr' in error;
      const detail = hasSpoken ? String(error.stderr).trim() : String(error);
      const last = detail.split('\n').at(-1);
      throw new TrainyardError(
        'CloudUnavailable',
        `The machine in ${folder} could not be ended${last ? `: ${last}` : '; a process on it does not die.'}`,
      );
    }
  }

  /** The interpreter itself, not a script that looks for one: that would cost more than the start. */
  async #realInterpreter(): Promise<string> {
    this.#interpreter ??= run(this.#python, [...plain, '-c', 'import sys; print(sys.executable)']).then(
      ({ stdout }) => stdout.trim(),
      () => {
        this.#interpreter = undefined;
        throw new TrainyardError(
          'CloudUnavailable',
          `Python could not be run as “${this.#python}”.`,
          'Install Python 3.10 or newer, or say where it is with TRAINYARD_PYTHON_PATH.',
        );
      },
    );
    return this.#interpreter;
  }
}

/** The command by which a person ends the machine and takes it away. */
export function endByHand(folder: string): string {
  return `python3 ${quoted(machineProgram)} end ${quoted(folder)} && rm -rf ${quoted(folder)}`;
}

export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function scrubbed(): NodeJS.ProcessEnv {
  return Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
