import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { environmentName } from '../../settings/declarations.ts';
import { Problem } from '../problem.ts';
import { runProgram } from '../run-program.ts';

export interface PortNeed {
  setting: string;
  port: number;
  host: string;
  /** What it is for, as in "the pages". */
  purpose: string;
}

/** One clear sentence about the first port that cannot be had within `patienceMs`. */
export async function checkPorts(needs: readonly PortNeed[], patienceMs = 0): Promise<void> {
  const endMs = Date.now() + patienceMs;
  const found = await Promise.all(
    needs.map(async (need) => {
      let trouble = await portTrouble(need.port, need.host);
      while (trouble === 'taken' && Date.now() < endMs) {
        await wait(50);
        trouble = await portTrouble(need.port, need.host);
      }
      return { need, trouble };
    }),
  );
  for (const { need, trouble } of found) {
    if (trouble === undefined) continue;
    const { port, purpose, setting, host } = need;
    const mend = `set ${environmentName(setting)} to another port`;
    if (trouble === 'taken') {
      const holder = await holderOfPort(port);
      throw new Problem(
        `Port ${port} for ${purpose} is taken${holder ? ` by ${holder}` : ''}. End what holds it, or ${mend}.`,
      );
    }
    if (trouble === 'forbidden') throw new Problem(`Port ${port} for ${purpose} is not for this user: ${mend}.`);
    throw new Problem(`This machine has no address ${host}: set ${environmentName('webHost')} to one that it has.`);
  }
}

export function portTrouble(port: number, host: string): Promise<'taken' | 'forbidden' | 'no address' | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken');
      else if (error.code === 'EACCES') resolve('forbidden');
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') resolve('no address');
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** "process 1234 (node)", when this user may know. */
export async function holderOfPort(port: number): Promise<string | undefined> {
  const pid = process.platform === 'linux' ? pidFromProc(port) : await pidFromLsof(port);
  if (pid === undefined) return undefined;
  const name = await nameOf(pid);
  return `process ${pid}${name ? ` (${name})` : ''}`;
}

function pidFromProc(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table).slice(1)) {
      const fields = line.trim().split(/\s+/);
      // 0A: listening.
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === '0A') sockets.add(`socket:[${fields[9]}]`);
    }
  }
  if (sockets.size === 0) return undefined;
  for (const pid of entriesOf('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (entriesOf(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`)))) return Number(pid);
  }
  return undefined;
}

async function pidFromLsof(port: number): Promise<number | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'];
  const { code, output } = await runProgram('lsof', args, { timeoutMs: 3000 });
  return code === 0 ? Number(output.split('\n')[0]) || undefined : undefined;
}

async function nameOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return readLines(`/proc/${pid}/comm`)[0];
  const { code, output } = await runProgram('ps', ['-o', 'comm=', '-p', String(pid)], { timeoutMs: 3000 });
  return code === 0 ? output.trim() : undefined;
}

function readLines(path: string): string[] {
  return quietly(() => readFileSync(path, 'utf8').trim().split('\n'), []);
}

function entriesOf(folder: string): string[] {
  return quietly(() => readdirSync(folder), []);
}

function linkOf(path: string): string {
  return quietly(() => readlinkSync(path), '');
}

/** Processes come and go while we look, and those of others may not be looked at. */
function quietly<Value>(look: () => Value, otherwise: Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
