import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The most that processes had in memory, looked at five times a second; asked for when they are done. */
export function watchMemory(pids: () => number[]): () => number {
  let most = 0;
  const look = async () => {
    const each = await Promise.all(pids().map(memoryOf));
    most = Math.max(
      most,
      each.reduce((sum, used) => sum + used, 0),
    );
  };
  const timer = setInterval(() => void look(), 200);
  return () => {
    clearInterval(timer);
    return most;
  };
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const highest = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  if (highest !== undefined) return Number(highest) / 1024;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '0' }));
  return Number(stdout.trim()) / 1024;
}
