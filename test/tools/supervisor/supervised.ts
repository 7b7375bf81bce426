import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface ChildGiven {
  name: string;
  habits?: string[];
}

/** A supervisor with stand-ins for the parts of the product, in a folder and on ports of its own. */
export class Supervised {
  readonly folder = mkdtempSync(join(tmpdir(), 'ty-supervisor-'));
  readonly ports = new Map<string, number>();
  output = '';
  process: ChildProcess | undefined;

  async start(children: readonly ChildGiven[]): Promise<void> {
    const given = [];
    for (const { name, habits = [] } of children) {
      const port = this.ports.get(name) ?? (await freePort());
      this.ports.set(name, port);
      given.push({ name, port, habits });
    }
    const script = join(import.meta.dirname, 'stand-in/supervise.ts');
    this.process = spawn(process.execPath, [script, JSON.stringify({ folder: this.folder, children: given })], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const heard = (text: Buffer) => {
      this.output += String(text);
    };
    this.process.stdout?.on('data', heard);
    this.process.stderr?.on('data', heard);
  }

  ready(): Promise<void> {
    return until(() => this.output.includes('all are ready'));
  }

  /** What the stand-ins wrote down: "web began 123", in the order it happened. */
  diary(): { name: string; what: string; pid: number }[] {
    const path = join(this.folder, 'diary');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return lines
      .map((line) => line.split(' '))
      .map(([name = '', what = '', pid]) => ({ name, what, pid: Number(pid) }));
  }

  pidsOf(name: string): number[] {
    return this.diary()
      .filter((entry) => entry.name === name && entry.what === 'began')
      .map(({ pid }) => pid);
  }

  async end(): Promise<void> {
    this.process?.kill('SIGKILL');
    for (const { pid } of this.diary()) if (alive(pid)) process.kill(pid, 'SIGKILL');
    await until(() => !this.diary().some(({ pid }) => alive(pid)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and that nobody asked about yet is not alive.
  return (
    process.platform !== 'linux' || !/^State:\s+Z/m.test(quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8')))
  );
}

export async function until(condition: () => boolean | Promise<boolean>, patienceMs = 10_000): Promise<void> {
  const endMs = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`it did not come true within ${patienceMs} ms: ${condition.toString()}`);
    await wait(20);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
