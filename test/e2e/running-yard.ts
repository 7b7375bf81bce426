import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');

export type Part = 'temporal' | 'workers' | 'web';

export interface RunningYard {
  url: string;
  temporalAddress: string;
  dataFolder: string;
  /** What it has in its environment beside ours. */
  settings: Readonly<Record<string, string>>;
  /** What the supervisor printed. */
  output(): string;
  /** The process that is this part now; undefined while it is being started again. */
  pidOf(part: Part | 'supervisor'): number | undefined;
  killHard(part: Part | 'supervisor'): void;
  /** As a laptop that sleeps: it is there and does nothing, until it is thawed or killed. */
  freeze(part: Part): void;
  thaw(part: Part): void;
  /** Starts the supervisor again after it was killed, from now on with more in its environment; settles when the pages answer. */
  up(env?: Record<string, string>): Promise<void>;
  /** Ctrl-C, and the end of everything. */
  down(): Promise<void>;
  /** Down, and the data folder away. */
  remove(): Promise<void>;
}

/** The whole product as `./x up` runs it, on ports and in a folder of its own. */
export async function openRunningYard(
  env: Record<string, string> = {},
  [program, ...given]: readonly [string, ...string[]] = [process.execPath, join(root, 'tools/up.ts')],
): Promise<RunningYard> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'trainyard-e2e-'));
  const [web, temporal, ui, metrics] = await freePorts(4);
  const settings: Record<string, string> = {
    TRAINYARD_DATA_FOLDER: dataFolder,
    TRAINYARD_WEB_PORT: String(web),
    TRAINYARD_TEMPORAL_PORT: String(temporal),
    TRAINYARD_TEMPORAL_UI_PORT: String(ui),
    TRAINYARD_WORKER_METRICS_PORT: String(metrics),
    TRAINYARD_HEARTBEAT_SECONDS: '1',
    ...env,
  };
  let supervisor: ChildProcess | undefined;
  let printed = '';

  const pidOf = (part: Part | 'supervisor'): number | undefined => {
    if (part === 'supervisor') return supervisor?.exitCode === null ? supervisor.pid : undefined;
    const path = join(dataFolder, 'run', `${part}.json`);
    if (!existsSync(path)) return undefined;
    try {
      return (JSON.parse(readFileSync(path, 'utf8')) as { pid: number }[])[1]?.pid;
    } catch {
      return undefined;
    }
  };

  const signal = (part: Part | 'supervisor', name: NodeJS.Signals) => {
    const pid = pidOf(part);
    if (pid === undefined) return;
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };

  const yard: RunningYard = {
    url: `http://127.0.0.1:${web}`,
    temporalAddress: `127.0.0.1:${temporal}`,
    dataFolder,
    settings,
    output: () => printed,
    pidOf,
    killHard: (part) => signal(part, 'SIGKILL'),
    freeze: (part) => signal(part, 'SIGSTOP'),
    thaw: (part) => signal(part, 'SIGCONT'),
    async up(more = {}) {
      Object.assign(settings, more);
      const child = spawn(program, given, {
        cwd: root,
        env: { ...process.env, ...settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      supervisor = child;
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text) => {
          printed += text;
        });
      }
      const ended = new Promise<never>((_, reject) => {
        child.once('exit', (code) => reject(new Error(`./x up ended with ${code}:\n${printed.slice(-4000)}`)));
      });
      ended.catch(() => {});
      await Promise.race([ended, waitFor('the pages answer', () => isReady(`http://127.0.0.1:${web}`), 120)]);
    },
    async down() {
      const child = supervisor;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await exited;
    },
    async remove() {
      await yard.down();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
  await yard.up();
  return yard;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) })).ok;
  } catch {
    return false;
  }
}

/**
 * Below those that the system gives to whoever connects: while a yard is down, somebody's connection must not take the
 * port that it comes back to.
 */
export async function freePorts(count: number): Promise<number[]> {
  const [lowest, beyond] = [15_000, 32_768];
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(lowest, beyond);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}

/** Waits for a condition with a bound; says what it waited for when it does not come. */
export async function waitFor(what: string, holds: () => Promise<boolean> | boolean, seconds = 30): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited ${seconds} s in vain until ${what}.`);
    await sleep(100);
  }
}
