import { join } from 'node:path';
import { freeBytes } from '../../infra/disk.ts';
import { describeEngines } from '../../infra/engines.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import { webAddressOf } from '../../settings/addresses.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import { temporalAddressOf } from '../../workers/open-temporal.ts';
import { systemPackages } from '../checks/needs.ts';
import { findProgram } from '../checks/find-program.ts';
import { holderOf, isHeld } from '../lock.ts';
import { sentenceOf } from '../problem.ts';
import { findPython } from '../python.ts';
import { holderOfPort, portTrouble } from '../supervisor/ports.ts';
import { findTemporal, temporalVersion } from '../temporal-server/find-temporal.ts';
import { waitForServer } from '../temporal-server/temporal-server.ts';
import { portsOf } from '../up/ports-of.ts';

/** One thing that was looked at. `bad` keeps ./x up from running; `later` is brought, or missed, when it is needed. */
export interface Finding {
  state: 'good' | 'later' | 'bad';
  name: string;
  detail: string;
}

const gigabyte = 1024 ** 3;

/** Everything ./x up and ./x test stand on, in the order in which it is needed. Changes nothing. */
export async function findings(settings: Settings): Promise<Finding[]> {
  const running = runningPid(settings);
  const each = await Promise.all([
    tools(settings),
    engines(settings),
    folders(settings),
    running === undefined ? ports(settings) : application(settings, running),
  ]);
  return [...each.flat(), ...forTests()];
}

async function tools(settings: Settings): Promise<Finding[]> {
  const temporal = await findTemporal(settings.cacheFolder);
  const node: Finding = { state: 'good', name: 'Node', detail: `${process.versions.node} (${process.execPath})` };
  const server: Finding = temporal
    ? { state: 'good', name: 'Temporal', detail: `${temporal.version} (${temporal.path})` }
    : {
        state: 'later',
        name: 'Temporal',
        detail: `not here; ./x up downloads ${temporalVersion}, or builds it with Go`,
      };
  return [node, settings.temporalAddress === '' ? server : await foreignServer(settings)];
}

async function foreignServer(settings: Settings): Promise<Finding> {
  const { address, namespace } = temporalAddressOf(settings);
  const name = 'Temporal';
  return attempt(name, async () => {
    await waitForServer(temporalAddressOf(settings), 0);
    return { state: 'good', name, detail: `${address} answers for the namespace ${namespace}` };
  });
}

async function engines(settings: Settings): Promise<Finding[]> {
  const python = await attempt('Python', async () => {
    const { path, version } = await findPython(settings.pythonPath);
    return { state: 'good', name: 'Python', detail: `${version} (${path})` };
  });
  if (python.state === 'bad') return [python];
  const pythonPath = settings.pythonPath || 'python3';
  const trainerFolder = trainerFolderOf(settings);
  const environments = engineEnvironments({ cacheFolder: settings.cacheFolder, trainerFolder, pythonPath });
  const described = await describeEngines({ python: pythonPath, trainerFolder });
  const ofEngines = described.map(({ name, title, environment }): Finding => {
    const path = environments.python(name);
    const when = environment.preparedAtStart ? './x up prepares it' : 'prepared when a job first asks for it';
    return path === undefined
      ? { state: 'later', name: title, detail: `${when} (${environment.downloadMegabytes} MB to download)` }
      : { state: 'good', name: title, detail: path };
  });
  return [python, ...ofEngines];
}

async function folders({ dataFolder, cacheFolder, lowDiskMb }: Settings): Promise<Finding[]> {
  return Promise.all(
    [
      { name: 'Data', folder: dataFolder },
      { name: 'Cache', folder: cacheFolder },
    ].map(async ({ name, folder }) => {
      const free = await freeBytes(folder);
      const low = free < lowDiskMb * 1024 * 1024;
      const note = low ? `: below lowDiskMb, ${lowDiskMb} MB, new jobs are refused` : '';
      const detail = `${folder}, ${(free / gigabyte).toFixed(1)} GB free${note}`;
      return { state: low ? 'bad' : 'good', name, detail } satisfies Finding;
    }),
  );
}

async function ports(settings: Settings): Promise<Finding[]> {
  return Promise.all(
    portsOf(settings).map(async ({ port, host, purpose }) => {
      const name = `Port ${port}`;
      const trouble = await portTrouble(port, host);
      if (trouble === undefined) return { state: 'good', name, detail: `free, for ${purpose}` } satisfies Finding;
      const holder = trouble === 'taken' ? await holderOfPort(port) : undefined;
      return { state: 'bad', name, detail: `${trouble}${holder ? ` by ${holder}` : ''}, wanted for ${purpose}` };
    }),
  );
}

async function application(settings: Settings, pid: number): Promise<Finding[]> {
  const address = webAddressOf(settings);
  const answers = await attempt('Application', async () => {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(5000) });
    const { checks } = (await response.json()) as { checks: unknown };
    const detail = `runs in process ${pid}, ${address}: ${response.ok ? 'ready' : `not ready, ${JSON.stringify(checks)}`}`;
    return { state: response.ok ? 'good' : 'bad', name: 'Application', detail };
  });
  return [answers];
}

function forTests(): Finding[] {
  const uses = { mariadb: './x test database', chromium: './x test browser e2e', shellcheck: './x test lint' } as const;
  return Object.entries(uses).map(([need, use]) => {
    const wanted = systemPackages[need as keyof typeof uses];
    const path = findProgram(...wanted.programs);
    return path === undefined
      ? {
          state: 'later',
          name: need,
          detail: `not here; ${use} needs it (${wanted.debian}) and brings it where it may`,
        }
      : { state: 'good', name: need, detail: path };
  });
}

/** The process that runs the application on this data folder. */
function runningPid({ dataFolder }: Settings): number | undefined {
  const path = join(dataFolder, 'up.lock');
  return isHeld(path) ? holderOf(path) : undefined;
}

async function attempt(name: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return { state: 'bad', name, detail: sentenceOf(error) ?? (error as Error).message };
  }
}
