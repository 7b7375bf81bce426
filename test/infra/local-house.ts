import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AttemptRef, machineNameOf } from '../../domain/ids.ts';
import { openLocalCloud } from '../../infra/local/local-cloud.ts';
import type { House } from './cloud-contract.ts';

export interface LocalHouse extends House {
  folder: string;
}

const here = import.meta.dirname;

/** A local cloud in a folder of its own, with a stand-in for the runner. */
export async function openLocalHouse(trainerFolder = join(here, 'stand-in')): Promise<LocalHouse> {
  // A space and a percent sign, as a person's folders have them: addresses are made of it.
  const folder = await mkdtemp(join(tmpdir(), 'trainyard 100% cloud-'));
  const options = {
    folder,
    host: 'test',
    installationId: 'home',
    trainerFolder,
    places: 2,
    pricePerHourMicros: 0,
    heartbeatSeconds: 1,
    logCapBytes: 1_000_000,
  };
  const enginePython = async () => 'python3';
  return {
    folder,
    cloud: openLocalCloud({ ...options, enginePython }),
    installationId: options.installationId,
    neighbour: () => openLocalCloud({ ...options, enginePython, installationId: 'neighbour' }),

    async diesBefore(dieBefore, call, argument) {
      const told = JSON.stringify({ options, call, argument, dieBefore });
      const child = spawn(process.execPath, [join(here, 'crashing-call.ts'), told], {
        stdio: ['ignore', 'inherit', 'inherit'],
        // Most of such a short life would go into compiling the same files again.
        env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: join(folder, 'compiled') },
      });
      const [code, signal] = await once(child, 'exit');
      if (signal === 'SIGKILL') return true;
      if (code !== 0) throw new Error(`${call} failed in its own process.`);
      return false;
    },

    running: (ref) => processesOf(folder, ref),
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/**
 * By the operating system's table alone: whatever carries the machine's name in its environment or command line, or
 * works below its folder. Machines that run in these tests leave nothing else.
 */
export async function processesOf(folder: string, ref: AttemptRef): Promise<string[]> {
  const name = machineNameOf(ref);
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const [environment, command, state, place] = await Promise.all([
      readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
      readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') Z'),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    const isDead = /\) [ZX]/.test(state);
    const belongs =
      [environment, command].some((text) => text.includes(name)) || place.includes(join(folder, 'machines', name));
    if (belongs && !isDead && Number(pid) !== process.pid) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
  }
  return found;
}
