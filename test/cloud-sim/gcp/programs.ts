import { spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { auditPathIn } from './audit.ts';
import type { Ports } from './simulation.ts';

/** Built with Go, see tools/cloud-sim. */
export interface Programs {
  pubsub: string;
  storage: string;
}

export interface RunningPrograms {
  stop(): Promise<void>;
}

const guard = join(import.meta.dirname, '../../../tools/supervisor/guard.sh');
const startTimeoutMs = 20_000;
const secondsToEnd = '2';

/** Starts both under a guard each: however the simulation dies, they go with it. */
export async function startPrograms(
  { pubsub, storage }: Programs,
  folder: string,
  ports: Ports,
  endpoint: string,
): Promise<RunningPrograms> {
  const place = join(folder, 'storage');
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const commands = {
    pubsub: [
      pubsub,
      ...['-journal', join(folder, 'pubsub.jsonl'), '-audit', auditPathIn(folder)],
      ...['-grpc', `127.0.0.1:${ports.pubsubGrpc}`, '-rest', `127.0.0.1:${ports.pubsubRest}`],
    ],
    storage: [
      storage,
      ...['-backend', 'filesystem', '-filesystem-root', place, '-data', '', '-log-level', 'warn'],
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(ports.storage)],
      ...['-public-host', new URL(endpoint).host, '-external-url', endpoint],
    ],
  };
  const children = Object.entries(commands).map(([name, command]) => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const child = spawn('/bin/sh', [guard, secondsToEnd, ...command], {
      detached: true,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['pipe', log, log, 'pipe'],
    });
    closeSync(log);
    child.on('error', (error) => console.error(name, error));
    child.stdin?.on('error', () => {});
    return child;
  });
  await answers(`http://127.0.0.1:${ports.storage}/_internal/healthcheck`, 200);
  await answers(`http://127.0.0.1:${ports.pubsubRest}/v1/projects/any/topics`, 200);
  return {
    stop: async () => {
      for (const child of children) child.stdin?.end();
      await Promise.all(
        children.map(
          (child) =>
            (child.exitCode ?? child.signalCode) !== null || new Promise((resolve) => child.on('exit', resolve)),
        ),
      );
    },
  };
}

async function answers(url: string, status: number): Promise<void> {
  for (const giveUpAt = Date.now() + startTimeoutMs; ; await wait(50)) {
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.status === status) return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
    }
    if (Date.now() > giveUpAt) throw new Error(`${url} does not answer ${status}.`);
  }
}
