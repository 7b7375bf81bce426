import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TrainyardError } from '../../domain/failures.ts';
import { describeEngines } from '../engines.ts';
import { buildEnvironment } from './build-environment.ts';

export interface EngineEnvironmentsOptions {
  /** Environments are made in it once for all checkouts on this host; `uv` and what it downloads live beside them. */
  cacheFolder: string;
  /** The folder `trainer-image`. */
  trainerFolder: string;
  /** The Python that environments are made of. */
  pythonPath: string;
}

export interface EngineEnvironments {
  /** The interpreter of the engine's environment; undefined while that is not ready. Cheap enough for every page. */
  python(engine: string): string | undefined;
  /** Makes the environment when it is not there, saying in sentences how far it is; gives its interpreter. */
  prepare(engine: string, onProgress: (sentence: string) => void): Promise<string>;
}

const oldestMinor = 10;

/**
 * One Python environment for each engine, from its lock file with hashes. Its place is named by the lock and the
 * Python, so another lock makes another environment and nothing that runs is changed under it. An environment cannot
 * be moved (its scripts name their place), so it is built where it stays, and counts from the moment it is marked ready.
 */
export function engineEnvironments(options: EngineEnvironmentsOptions): EngineEnvironments {
  const { cacheFolder, trainerFolder, pythonPath } = options;
  const places = new Map<string, { stamp: string; place: string }>();
  const preparing = new Map<string, { done: Promise<string>; say: Set<(sentence: string) => void> }>();
  let version: string | undefined;

  const lockOf = (engine: string): string => {
    const lock = join(trainerFolder, 'trainer', 'engines', engine, 'requirements.lock');
    if (/^[a-z][a-z0-9_]*$/.test(engine) && existsSync(lock)) return lock;
    throw new TrainyardError('EngineUnavailable', `There is no engine “${engine}”.`);
  };

  const placeOf = (engine: string): string => {
    const lock = lockOf(engine);
    const { mtimeMs, size } = statSync(lock);
    const stamp = `${mtimeMs} ${size}`;
    const known = places.get(engine);
    if (known?.stamp === stamp) return known.place;
    version ??= versionOf(pythonPath);
    const hash = createHash('sha256').update(readFileSync(lock)).update(version).digest('hex').slice(0, 16);
    const place = join(cacheFolder, 'engines', `${engine}-${hash}`);
    places.set(engine, { stamp, place });
    return place;
  };

  const python = (engine: string): string | undefined => {
    const place = placeOf(engine);
    const interpreter = join(place, 'bin', 'python');
    // The mark alone is not enough: the Python that the environment was made of may have been removed since.
    return existsSync(join(place, '.ready')) && existsSync(interpreter) ? interpreter : undefined;
  };

  const build = async (engine: string, say: (sentence: string) => void): Promise<string> => {
    // Its title and size are for the sentences only; whether it can be described shows when it is used.
    const engines = await describeEngines({ python: pythonPath, trainerFolder }).catch(() => []);
    const described = engines.find((one) => one.name === engine);
    const place = placeOf(engine);
    const order = {
      place,
      lock: lockOf(engine),
      cacheFolder,
      title: described?.title ?? engine,
      megabytes: described?.environment.downloadMegabytes ?? null,
    };
    await buildEnvironment(pythonPath, order, say);
    return join(place, 'bin', 'python');
  };

  return {
    python,
    async prepare(engine, onProgress) {
      const ready = python(engine);
      if (ready) return ready;
      let current = preparing.get(engine);
      if (!current) {
        const say = new Set<(sentence: string) => void>();
        const done = build(engine, (sentence) => {
          for (const listener of say) listener(sentence);
        }).finally(() => preparing.delete(engine));
        current = { done, say };
        preparing.set(engine, current);
      }
      current.say.add(onProgress);
      return current.done;
    },
  };
}

/** Environments are told apart by the exact version: what was compiled for one may not load in another. */
function versionOf(python: string): string {
  const ask = 'import platform, sys; print(*sys.version_info[:3], sys.implementation.cache_tag, platform.machine())';
  const { stdout, status } = spawnSync(python, ['-E', '-s', '-S', '-c', ask], { encoding: 'utf8', timeout: 30_000 });
  const [major, minor] = status === 0 ? stdout.split(' ').map(Number) : [];
  if (major === 3 && minor !== undefined && minor >= oldestMinor) return stdout.trim();
  throw new TrainyardError(
    'EngineUnavailable',
    status === 0 ? `Python ${major}.${minor} is too old.` : `Python could not be run as “${python}”.`,
    `Install Python 3.${oldestMinor} or newer, or say where it is with TRAINYARD_PYTHON_PATH.`,
  );
}
