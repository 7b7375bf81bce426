import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { endGroup, noteEnded, noteStarted } from './leftovers.ts';

export interface ProcessOrder {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  runFolder: string;
  onLine(line: string): void;
}

/** How a process ended, in words: "exit code 1", "killed by SIGKILL". */
export type Ending = string;

export interface GuardedProcess {
  ended: Promise<Ending>;
  /** Asks it to end, and after `seconds` ends it. */
  stop(seconds: number): Promise<void>;
}

const guard = join(import.meta.dirname, 'guard.sh');
/** How long a child may take to end once its supervisor is dead. */
const orphanSeconds = 5;

/** Starts a program under a guard, which ends it when this process is gone. */
export function startGuarded(order: ProcessOrder): GuardedProcess {
  const shell = spawn('/bin/sh', [guard, String(orphanSeconds), order.command, ...order.args], {
    cwd: order.cwd,
    env: order.env,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C on the terminal reaches the supervisor only, which then stops all in order.
    detached: true,
  });
  const [pipe, out, err, words] = shell.stdio as unknown as [Writable, Readable, Readable, Readable];
  let code: number | undefined;
  // Writing to a guard that has just ended is no error: it ended, which is what is asked.
  pipe.on('error', () => {});
  for (const stream of [out, err]) createInterface({ input: stream }).on('line', order.onLine);
  createInterface({ input: words }).on('line', (line) => {
    const [word, number] = line.split(' ');
    if (word === 'child' && shell.pid) noteStarted(order.runFolder, order.name, shell.pid, Number(number));
    if (word === 'exit') code = Number(number);
  });
  const ended = new Promise<Ending>((resolve) => {
    shell.on('error', (error) => resolve(`it could not be started: ${error.message}`));
    shell.on('exit', (_, signal) => {
      // The guard may have been killed itself; then its child is still there.
      if (shell.pid) endGroup(shell.pid);
      const finish = () => {
        noteEnded(order.runFolder, order.name);
        resolve(code === undefined ? `its guard was killed by ${signal}` : inWords(code));
      };
      // What it said last is still in the pipes; whoever inherited them must not keep us waiting.
      const timer = setTimeout(finish, 1000);
      shell.on('close', () => {
        clearTimeout(timer);
        finish();
      });
    });
  });
  return {
    ended,
    async stop(seconds) {
      pipe.write('TERM\n');
      const timer = setTimeout(() => shell.pid && endGroup(shell.pid), seconds * 1000);
      await ended;
      clearTimeout(timer);
    },
  };
}

const signalNames: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

function inWords(code: number): Ending {
  if (code === 127) return 'its program was not found';
  return code > 128 ? `killed by ${signalNames[code - 128] ?? `signal ${code - 128}`}` : `exit code ${code}`;
}
