import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '../../settings/settings.ts';
import { workersChild } from '../../tools/up/children.ts';
import { freePorts, type RunningYard } from './running-yard.ts';

const root = join(import.meta.dirname, '../..');

/** One more process of workers on a yard that runs, as whoever scales it out starts one: settles when that polls. */
export async function startAnotherWorker({ dataFolder, settings }: RunningYard): Promise<{ stop(): Promise<void> }> {
  const [port] = await freePorts(1);
  const env = { ...process.env, ...settings, TRAINYARD_WORKER_METRICS_PORT: String(port) };
  const { command, args, cwd, env: usual, ready } = workersChild(loadSettings(env, root));
  const log = openSync(join(dataFolder, 'logs', 'another-worker.log'), 'a');
  const child = spawn(command, args, { cwd, env: { ...usual, ...env }, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  const broken = ended.then(([code]) => {
    throw new Error(`The other worker ended with ${code}; see another-worker.log.`);
  });
  broken.catch(() => {});
  try {
    await Promise.race([ready?.(AbortSignal.timeout(90_000)), broken]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { stop };
}
