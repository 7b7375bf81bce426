import { Problem } from './problem.ts';
import { runProgram } from './run-program.ts';

export const leastPython = [3, 10] as const;

export interface Python {
  path: string;
  version: string;
}

const probe = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';

/** The Python that the settings name, or `python3`; a sentence when it is not there or too old. */
export async function findPython(pythonPath: string): Promise<Python> {
  const path = pythonPath || 'python3';
  const { code, output } = await runProgram(path, ['-c', probe], { timeoutMs: 15_000 });
  const mend = 'Install it (on Debian: apt-get install python3 python3-venv), or name one with TRAINYARD_PYTHON_PATH.';
  if (code !== 0)
    throw new Problem(`Python ${leastPython.join('.')} or newer is needed, and "${path}" does not run. ${mend}`);
  const version = output.trim();
  const [major, minor] = version.split('.').map(Number);
  if (major !== leastPython[0] || (minor ?? 0) < leastPython[1]) {
    throw new Problem(`Python ${leastPython.join('.')} or newer is needed, and "${path}" is ${version}. ${mend}`);
  }
  return { path, version };
}
