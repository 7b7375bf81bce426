import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../waiting.ts';
import { terraformsIn } from './terraform-processes.ts';

const guard = join(import.meta.dirname, '../../../infra/gcp/terraform/guarded.sh');
/** Comes to its end when it is asked to, after a while, and leaves behind what it has started. */
const command = `sleep 300 & trap 'sleep 1; echo written down; exit 0' INT; echo begun; while :; do sleep 0.1; done`;

test('whose starter has died is asked to end, writes down what it was at, and leaves no process behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-guarded-'));
  const child = spawn(guard, ['sh', '-c', command], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (said += piece));
  const ended = once(child, 'exit');
  try {
    child.stdin.write('begin\n');
    await until('it works', () => said.includes('begun'));
    expect((await terraformsIn(folder)).some(({ command: one }) => one.startsWith('sleep 300'))).toBe(true);
    child.stdin.destroy();
    await ended;
    expect(said).toContain('written down');
    await until('all of it is gone', async () => (await terraformsIn(folder)).length === 0);
  } finally {
    for (const { pid } of await terraformsIn(folder)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true });
  }
}, 30_000);
