import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { webAddressOf } from '../../settings/addresses.ts';
import type { Settings } from '../../settings/settings.ts';
import { temporalAddressOf } from '../../workers/open-temporal.ts';
import type { ChildSpec } from '../supervisor/child.ts';
import {
  addSearchAttributes,
  keepHistories,
  serverArguments,
  waitForServer,
} from '../temporal-server/temporal-server.ts';

export const root = join(import.meta.dirname, '../..');

/** A program of ours, run by the Node that runs this. */
function nodeChild(name: string, script: string): Pick<ChildSpec, 'name' | 'command' | 'args' | 'cwd' | 'env'> {
  // The version is checked by ./x; production mode keeps Express from showing stack traces.
  const env = { NODE_ENV: 'production', ...process.env };
  return { name, command: process.execPath, args: ['--enable-source-maps', join(root, script)], cwd: root, env };
}

/** Temporal's development server, on disk in the data folder. */
export function temporalChild(program: string, settings: Settings, uiPort: number): ChildSpec {
  const { dataFolder, temporalPort } = settings;
  return {
    name: 'temporal',
    command: program,
    args: serverArguments({ dataFolder, port: temporalPort, uiPort }),
    cwd: dataFolder,
    env: process.env,
    async ready(signal) {
      const to = temporalAddressOf(settings);
      await waitForServer(to, 60_000, signal);
      await keepHistories(to);
      await addSearchAttributes(to);
    },
    // Its greeting names what we print ourselves, and while it stops it logs each of its own parts that misses another.
    isForTerminal: (line) => line.includes('level=ERROR') && !line.includes('closed'),
    readySeconds: 60,
    stopSeconds: 10,
  };
}

/** The metrics of a worker that polls: before that its port answers, but without them. */
const polling = /^temporal_worker_start\b/m;

export function workersChild(settings: Settings): ChildSpec {
  return {
    ...nodeChild('workers', 'workers/main.ts'),
    ready: (signal) =>
      answers(`http://127.0.0.1:${settings.workerMetricsPort}/metrics`, (body) => polling.test(body), signal),
    readySeconds: 90,
    stopSeconds: 15,
  };
}

export function webChild(settings: Settings): ChildSpec {
  return {
    ...nodeChild('web', 'web/server.ts'),
    ready: (signal) => answers(`${webAddressOf(settings)}/healthz`, () => true, signal),
    readySeconds: 60,
    stopSeconds: 10,
  };
}

/** Asks until there is a good answer, or until `signal` aborts. */
async function answers(url: string, isGood: (body: string) => boolean, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) });
      if (response.ok && isGood(await response.text())) return;
    } catch {
      // Not listening yet.
    }
    await wait(50, undefined, { signal });
  }
}
