import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeEngines } from '../infra/engines.ts';
import { engineEnvironments } from '../infra/local/engine-environments.ts';
import { loadSettings } from '../settings/settings.ts';
import { say } from './report.ts';

const root = join(import.meta.dirname, '..');
const trainerFolder = join(root, 'trainer-image');
const settings = loadSettings(process.env, root);
const pythonPath = settings.pythonPath || 'python3';
const environments = engineEnvironments({ cacheFolder: settings.cacheFolder, trainerFolder, pythonPath });

export const enginesOptions = { python: pythonPath, trainerFolder };

/** All that there are, and those whose environment is there already: nothing is brought for these. */
export async function knownEngines(): Promise<{ all: string[]; installed: string[] }> {
  const all = (await describeEngines(enginesOptions)).map(({ name }) => name);
  return { all, installed: all.filter((engine) => environments.python(engine) !== undefined) };
}

/** Runs a script of this folder in the environment of an engine, and reads its lines of JSON as they come. */
export async function linesOf<T>(
  engine: string,
  script: string,
  args: readonly string[],
  onLine: (line: T) => void = () => {},
): Promise<T[]> {
  const python = await environments.prepare(engine, say);
  const child = spawn(python, [join(import.meta.dirname, script), ...args], {
    cwd: root,
    env: { ...process.env, PYTHONPATH: trainerFolder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const lines: T[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    if (!text.startsWith('{')) continue;
    const line = JSON.parse(text) as T;
    lines.push(line);
    onLine(line);
  }
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`${script} for ${engine} ended with ${signal ?? code}.`);
  return lines;
}
