import { join } from 'node:path';
import { databaseUrlOf, webAddressOf } from '../../settings/addresses.ts';
import { loadSettings, type Settings } from '../../settings/settings.ts';
import { temporalAddressOf } from '../../workers/open-temporal.ts';
import { openProgress, type Progress } from '../progress.ts';
import { findPython } from '../python.ts';
import { endLeftovers } from '../supervisor/leftovers.ts';
import { checkPorts } from '../supervisor/ports.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { bringTemporal } from '../temporal-server/bring-temporal.ts';
import { addSearchAttributes, waitForServer } from '../temporal-server/temporal-server.ts';
import { freePort, openUiProxy } from '../temporal-server/ui-proxy.ts';
import { root, temporalChild, webChild, workersChild } from './children.ts';
import { openDataFolder } from './data-folder.ts';
import { portsOf } from './ports-of.ts';
import { prepareCloud } from './prepare-cloud.ts';
import { prepareDatabase } from './prepare-database.ts';
import { prepareEngines } from './prepare-engines.ts';
import { checkOpenHistories } from './check-open-histories.ts';
import { sourceWatcher } from './source-watcher.ts';

export interface UpOptions {
  /** Switch to the new code even if open jobs do not replay with it. */
  force: boolean;
  /** Restart a child when a file of its own changes. */
  watch: boolean;
}

/** The system closes the ports of a process a moment after it has ended it. */
const leftoverPortMs = 3000;

/** Sets up what is missing, runs the application, and stops it in order when it is asked to. */
export async function up(options: UpOptions): Promise<number> {
  const settings = loadSettings(process.env, root);
  const progress = openProgress();
  const lock = await openDataFolder(settings.dataFolder);
  const runFolder = join(settings.dataFolder, 'run');
  const leftovers = endLeftovers(runFolder);
  for (const name of leftovers) progress.line(`Ended "${name}", which an earlier start had left running.`);
  const supervisor = new Supervisor({
    logFolder: join(settings.dataFolder, 'logs'),
    runFolder,
    print: (line) => progress.line(line),
  });
  const asked = askedToStop(supervisor);
  try {
    await checkPorts(portsOf(settings), leftovers.length > 0 ? leftoverPortMs : 0);
    await Promise.race([start(settings, supervisor, progress, options), asked.promise]);
    if (options.watch && !asked.yes()) sourceWatcher(root, supervisor, progress, asked.promise);
    await asked.promise;
    return 0;
  } catch (error) {
    if (!asked.yes()) throw error;
    // What breaks because everything is being stopped is no failure.
    return 0;
  } finally {
    await supervisor.stop();
    lock.release();
    if (asked.yes()) progress.line('Trainyard is down. Jobs that were running go on at the next ./x up.');
  }
}

async function start(
  settings: Settings,
  supervisor: Supervisor,
  progress: Progress,
  options: UpOptions,
): Promise<void> {
  const embedded = settings.temporalAddress === '';
  await findPython(settings.pythonPath);
  const program = embedded ? await bringTemporal(settings.cacheFolder, progress) : undefined;
  const temporalUp = program ? startTemporal(program.path, settings, supervisor) : useForeignServer(settings);
  const prepared = async () => {
    // Migrations come after the replay: code that is refused must not have changed the database.
    await checkOpenHistories(settings, progress, options.force, temporalUp);
    await prepareDatabase(databaseUrlOf(settings));
  };
  await Promise.all([temporalUp, prepareEngines(settings, progress), prepareCloud(settings, progress), prepared()]);
  await Promise.all([supervisor.start(workersChild(settings)), supervisor.start(webChild(settings))]);
  for (const line of addresses(settings)) progress.line(line);
}

/** Its pages are behind a proxy of this process: whoever ends all of it ends the proxy. */
async function startTemporal(program: string, settings: Settings, supervisor: Supervisor): Promise<void> {
  const uiPort = await freePort();
  const proxy = await openUiProxy({ port: settings.temporalUiPort, uiPort });
  // What keeps this process up are the children.
  proxy.unref();
  await supervisor.start(temporalChild(program, settings, uiPort));
}

async function useForeignServer(settings: Settings): Promise<void> {
  const to = temporalAddressOf(settings);
  await waitForServer(to, 10_000);
  await addSearchAttributes(to);
}

function addresses(settings: Settings): string[] {
  const web = webAddressOf(settings);
  return [
    '',
    'Trainyard is up.',
    `  App          ${web}`,
    `  API          ${web}/api/v1 (described at ${web}/api/docs)`,
    settings.temporalAddress === ''
      ? `  Temporal UI  http://127.0.0.1:${settings.temporalUiPort}`
      : `  Temporal     ${settings.temporalAddress}, namespace ${settings.temporalNamespace}`,
    `  Data         ${settings.dataFolder}`,
    'Ctrl-C stops it.',
    '',
  ];
}

/** Ctrl-C, `kill`, or the closing of the terminal: the first stops in order, a second one at once. */
function askedToStop(supervisor: Supervisor) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let yes = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The guards see our end and end what is left.
      if (yes && signal === 'SIGINT') process.exit(130);
      yes = true;
      void supervisor.stop();
      resolve();
    });
  }
  return { promise, yes: () => yes };
}
