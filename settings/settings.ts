import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import {
  absolutePath,
  type Declaration,
  declarations,
  environmentName,
  type SettingName,
  settingNames,
  type Surroundings,
  thisMachine,
} from './declarations.ts';
import { nearMatch } from './near-match.ts';

export type Settings = Readonly<{ [Name in SettingName]: z.infer<(typeof declarations)[Name]['schema']> }>;

/** A setting that cannot be used; the message names it, its value, and what mends it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly setting: string;
  constructor(setting: string, message: string) {
    super(message);
    this.setting = setting;
  }
}

/**
 * TRAINYARD_ names that are no settings: what a runner is told (docs/trainer-contract.md). They are inherited by
 * whatever runs inside a job, a command of Trainyard included.
 */
export const runnerNames: readonly string[] = [
  'HOLDER_KIND',
  'HOLDER_ID',
  'ATTEMPT',
  'MACHINE',
  'BUCKET',
  'SIGNALS',
  'WORK',
  'PYTHON',
  'DEADLINE_AT_MS',
  'ENDS_AT_MS',
  'HEARTBEAT_SECONDS',
  'LOG_CAP_BYTES',
  'EVENTS_FD',
  'CLOUD',
  'GCP_PROJECT',
  'GCP_ZONE',
  'ENDPOINT',
  'TRAINER_HASH',
].map((name) => `TRAINYARD_${name}`);

/** What the command line is told: where the server is that it asks. It may be set in the shell that also runs `./x up`. */
export const clientNames: readonly string[] = ['TRAINYARD_URL'];

const fileName = 'trainyard.yaml';

interface Given {
  value: unknown;
  /** How the person who wrote it calls it, and where they wrote it. */
  calledIt: string;
  place: string;
}

/**
 * The settings of this process: the environment over `trainyard.yaml` over the defaults, checked as a whole.
 * Only composition roots (workers, web/server.ts, cli, tools) call this; all else gets plain values.
 */
export function loadSettings(
  env: Record<string, string | undefined> = process.env,
  cwd: string = process.cwd(),
): Settings {
  const surroundings = thisMachine(env);
  const given = new Map([...fromFile(join(cwd, fileName)), ...fromEnvironment(env)]);
  const settings = Object.fromEntries(
    settingNames.map((name) => [name, valueOf(name, given.get(name), surroundings, cwd)]),
  ) as Settings;
  const whole = { ...settings, storeFolder: settings.storeFolder || join(settings.dataFolder, 'store') };
  checkTogether(whole);
  return Object.freeze(whole);
}

function valueOf(name: SettingName, given: Given | undefined, surroundings: Surroundings, cwd: string): unknown {
  const declaration = declarations[name] as Declaration<unknown>;
  if (given === undefined) {
    return typeof declaration.default === 'function' ? declaration.default(surroundings) : declaration.default;
  }
  const parsed = declaration.schema.safeParse(given.value);
  if (!parsed.success) {
    throw new SettingsError(
      name,
      `The setting ${given.calledIt} is ${JSON.stringify(given.value)}, but it takes ${declaration.takes}. ` +
        `Change it or take it out ${given.place}.`,
    );
  }
  return declaration.path ? absolutePath(parsed.data as string, surroundings.home, cwd) : parsed.data;
}

function fromEnvironment(env: Record<string, string | undefined>): [string, Given][] {
  const byName = new Map(settingNames.map((name) => [environmentName(name), name]));
  const found: [string, Given][] = [];
  for (const [calledIt, value] of Object.entries(env)) {
    // An empty variable is how shells and compose files say "not set".
    if (!calledIt.startsWith('TRAINYARD_') || value === undefined || value.trim() === '') continue;
    const name = byName.get(calledIt);
    if (name) found.push([name, { value, calledIt, place: 'in the environment' }]);
    else if (!runnerNames.includes(calledIt) && !clientNames.includes(calledIt)) {
      refuseUnknown(calledIt, [...byName.keys()], 'in the environment');
    }
  }
  return found;
}

function fromFile(path: string): [string, Given][] {
  if (!existsSync(path)) return [];
  const place = `in ${path}`;
  const entries = Object.entries(parseFile(path));
  for (const [key] of entries) {
    if (!Object.hasOwn(declarations, key)) refuseUnknown(key, settingNames, place);
  }
  return entries
    .filter(([, value]) => value !== null && value !== '')
    .map(([key, value]) => [key, { value, calledIt: key, place }]);
}

function parseFile(path: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof YAMLParseError ? error.message.split('\n')[0] : String(error);
    throw new SettingsError(fileName, `The settings file ${path} cannot be read: ${why} Mend that line.`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SettingsError(fileName, `The settings file ${path} has to hold lines like "webPort: 8700".`);
  }
  return content as Record<string, unknown>;
}

function refuseUnknown(calledIt: string, known: readonly string[], place: string): never {
  const meant = nearMatch(calledIt, known);
  const way = meant ? `Did you mean ${meant}?` : 'docs/settings.md lists all there are.';
  throw new SettingsError(calledIt, `There is no setting ${calledIt}, which is given ${place}. ${way}`);
}

/** What no setting can be checked for alone. */
function checkTogether(settings: Settings): void {
  const ports = (['webPort', 'temporalPort', 'temporalUiPort', 'workerMetricsPort'] as const).map((name) => ({
    name,
    port: settings[name],
  }));
  for (const [index, { name, port }] of ports.entries()) {
    const other = ports.slice(0, index).find((earlier) => earlier.port === port);
    if (other) {
      throw new SettingsError(
        name,
        `The settings ${other.name} and ${name} are both ${port}: give one of them another port ` +
          `(${environmentName(name)}).`,
      );
    }
  }
  if ((settings.temporalTlsCertPath === '') !== (settings.temporalTlsKeyPath === '')) {
    const missing = settings.temporalTlsCertPath === '' ? 'temporalTlsCertPath' : 'temporalTlsKeyPath';
    throw new SettingsError(
      missing,
      `The setting ${missing} is missing: a client certificate and its key go together (${environmentName(missing)}).`,
    );
  }
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(settings.webHost);
  if (!loopback && settings.allowedHosts.length === 0) {
    throw new SettingsError(
      'allowedHosts',
      `The setting webHost is ${settings.webHost}, which others can reach, but allowedHosts is empty: ` +
        `name the hosts that browsers will use (${environmentName('allowedHosts')}).`,
    );
  }
}
