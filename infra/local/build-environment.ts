import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TrainyardError } from '../../domain/failures.ts';

export interface EnvironmentOrder {
  place: string;
  lock: string;
  cacheFolder: string;
  /** For sentences: what it is called, and about how large it is. */
  title: string;
  megabytes: number | null;
}

/** What `build_environment.py` says, one line each. */
type Said = { sentence: string } | { problem: string; hint: string | null; diskFull: boolean };

const program = join(import.meta.dirname, 'build_environment.py');
const namesKept = 2000;

/** Runs the builder until the environment is ready. It ends when this process does: it holds the other end of its input. */
export async function buildEnvironment(
  python: string,
  order: EnvironmentOrder,
  say: (sentence: string) => void,
): Promise<void> {
  const child = spawn(python, ['-E', '-s', program, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  let problem: Extract<Said, { problem: string }> | undefined;
  let last = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-namesKept);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said: Said = JSON.parse(line);
    if ('sentence' in said) say(said.sentence);
    else problem = said;
  });
  const [code] = await exited;
  if (code === 0) return;
  const what = problem?.problem ?? last.trim().split('\n').at(-1) ?? 'the builder was killed';
  const type = problem?.diskFull ? 'DiskFull' : 'EngineUnavailable';
  throw new TrainyardError(type, `${order.title} could not be prepared: ${what}`, problem?.hint ?? undefined);
}
