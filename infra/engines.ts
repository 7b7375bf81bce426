import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type Engine, engineSchema } from '../domain/engine.ts';
import { TrainyardError } from '../domain/failures.ts';

const run = promisify(execFile);

export interface EnginesOptions {
  python: string;
  /** The folder `trainer-image`, where the package `trainer` is. */
  trainerFolder: string;
}

/** What the engines are cannot change while a process runs: one question for each interpreter and folder. */
const answers = new Map<string, Promise<Engine[]>>();

/** The engines by their own account. Starts Python once, with its standard library; no engine is loaded. */
export async function describeEngines(options: EnginesOptions): Promise<Engine[]> {
  const key = JSON.stringify([options.python, options.trainerFolder]);
  let answer = answers.get(key);
  if (!answer) {
    answer = ask(options);
    answers.set(key, answer);
    // A wrong answer is not kept: what was wrong may have been mended.
    answer.catch(() => answers.delete(key));
  }
  return answer;
}

async function ask({ python, trainerFolder }: EnginesOptions): Promise<Engine[]> {
  let described: unknown;
  try {
    const { stdout } = await run(python, ['-s', '-S', '-m', 'trainer', 'describe'], {
      cwd: trainerFolder,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PYTHONPATH: trainerFolder,
        PYTHONIOENCODING: 'utf-8',
      },
      maxBuffer: 8 * 1024 * 1024,
      timeout: 60_000,
    });
    described = JSON.parse(stdout);
  } catch (error) {
    throw new TrainyardError(
      'EngineUnavailable',
      `The engines could not be asked what they are: ${lastLine(error)}`,
      'Check that Python 3.10 or newer runs, or name one with TRAINYARD_PYTHON_PATH.',
    );
  }
  const engines = z.array(engineSchema).safeParse(described);
  if (engines.success) return engines.data;
  throw new TrainyardError('Bug', `An engine describes itself wrongly. ${z.prettifyError(engines.error)}`);
}

function lastLine(error: unknown): string {
  const isFailedRun =
    typeof error === 'object' && error !== null && 'stderr' in error && String(error.stderr).trim() !== '';
  const text = isFailedRun ? String(error.stderr) : String(error instanceof Error ? error.message : error);
  return text.trim().split('\n').at(-1) ?? '';
}
