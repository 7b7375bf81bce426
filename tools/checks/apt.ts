import { findProgram } from './find-program.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';

export interface SystemPackage {
  /** Its program: under any of these names it is there already. */
  programs: readonly string[];
  debian: string;
  brew: string;
  size: string;
}

let last: Promise<unknown> = Promise.resolve();

/** Installs a package of the system where that can be done without asking; otherwise says the command. One at a time. */
export function bringSystemPackage(wanted: SystemPackage, progress: Progress): Promise<void> {
  const mine = last.then(() => bring(wanted, progress));
  last = mine.catch(() => {});
  return mine;
}

async function bring(wanted: SystemPackage, progress: Progress): Promise<void> {
  if (findProgram(...wanted.programs)) return;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', wanted.debian];
  const asRoot = findProgram('apt-get') ? await waysToBeRoot() : undefined;
  if (!asRoot) {
    const command = process.platform === 'darwin' ? `brew install ${wanted.brew}` : `sudo ${install.join(' ')}`;
    throw new Problem(`${wanted.debian} is not installed, and it cannot be installed without asking you: ${command}`);
  }
  const step = progress.step(`Installing ${wanted.debian} from the system's packages`, wanted.size);
  const run = (command: readonly string[]) => {
    const [program = '', ...args] = [...asRoot, ...command];
    return runProgram(program, args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  let result = await run(install);
  if (result.code !== 0) {
    // A fresh machine has no lists of packages yet.
    await run(['apt-get', 'update']);
    result = await run(install);
  }
  if (result.code !== 0 || !findProgram(...wanted.programs)) {
    step.failed();
    throw new Problem(`${wanted.debian} could not be installed (${install.join(' ')}): ${lastLines(result.output, 2)}`);
  }
  step.done();
}

/** What to put before a command: nothing for root, `sudo -n` where that asks no password. */
async function waysToBeRoot(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const { code } = await runProgram('sudo', ['-n', 'true'], { timeoutMs: 5000 });
  return code === 0 ? ['sudo', '-n'] : undefined;
}
