import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProgram } from '../run-program.ts';

/** What is downloaded or built; newer tags cannot be built by `go install` (a replace directive). */
export const temporalVersion = '1.5.1';
/** The oldest that knows all the options we start it with. */
const leastVersion = [1, 5] as const;
/** A build from source calls itself 0.0.0-DEV, but names the server inside. */
const leastServer = [1, 29] as const;

export interface TemporalProgram {
  path: string;
  version: string;
  from: 'PATH' | 'cache';
}

export function cachedTemporalPath(cacheFolder: string): string {
  return join(cacheFolder, 'tools', `temporal-${temporalVersion}-${process.platform}-${process.arch}`, 'temporal');
}

/** The Temporal server of this machine: on the PATH when it is new enough, else ours in the cache, else none. */
export async function findTemporal(
  cacheFolder: string,
  searchPath: string = process.env['PATH'] ?? '',
): Promise<TemporalProgram | undefined> {
  const onPath = await firstExecutable(searchPath.split(delimiter).map((folder) => join(folder, 'temporal')));
  if (onPath) {
    const version = await versionOf(onPath);
    if (version) return { path: onPath, version, from: 'PATH' };
  }
  const cached = await firstExecutable([cachedTemporalPath(cacheFolder)]);
  // Its folder is named after its version: no need to pay for asking it at every start.
  return cached ? { path: cached, version: temporalVersion, from: 'cache' } : undefined;
}

/** Undefined for one that does not run, or is too old for us. */
export async function versionOf(path: string): Promise<string | undefined> {
  const { code, output } = await runProgram(path, ['--version'], { timeoutMs: 10_000 });
  return code === 0 ? usableVersion(output) : undefined;
}

export function usableVersion(output: string): string | undefined {
  const found = /temporal version (\d+)\.(\d+)\.(\S+)(?: \(Server (\d+)\.(\d+))?/.exec(output);
  if (!found) return undefined;
  const [, major, minor, rest, serverMajor, serverMinor] = found;
  const version = `${major}.${minor}.${rest}`;
  const development = version.startsWith('0.0.0');
  return (development ? atLeast(serverMajor, serverMinor, leastServer) : atLeast(major, minor, leastVersion))
    ? version
    : undefined;
}

function atLeast(major: string | undefined, minor: string | undefined, least: readonly [number, number]): boolean {
  const [a, b] = [Number(major), Number(minor)];
  return a > least[0] || (a === least[0] && b >= least[1]);
}

async function firstExecutable(paths: string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}
