import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Runs a script of ours to its end, on this terminal; its exit code. Ctrl-C goes to it, which cleans up after itself. */
export async function runScript(script: string, args: readonly string[]): Promise<number> {
  const waiting = () => {};
  process.on('SIGINT', waiting);
  const child = spawn(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  const stop = () => child.kill('SIGTERM');
  process.on('SIGTERM', stop);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGINT', waiting);
  process.off('SIGTERM', stop);
  return code ?? 1;
}
