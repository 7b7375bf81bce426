import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processBegan } from '../../infra/process-began.ts';

interface Known {
  pid: number;
  began: string;
}

/** Writes down what was started: guard and child, each with the time it began, in case that all who watch are killed. */
export function noteStarted(runFolder: string, name: string, guardPid: number, childPid: number): void {
  const known = [guardPid, childPid].map((pid) => ({ pid, began: processBegan(pid) ?? '' }));
  const path = join(runFolder, `${name}.json`);
  mkdirSync(runFolder, { recursive: true });
  writeFileSync(`${path}.part`, JSON.stringify(known));
  renameSync(`${path}.part`, path);
}

export function noteEnded(runFolder: string, name: string): void {
  rmSync(join(runFolder, `${name}.json`), { force: true });
}

/** Ends what an earlier supervisor of this data folder left running, and nothing else; returns the names. */
export function endLeftovers(runFolder: string): string[] {
  const ended: string[] = [];
  for (const file of filesIn(runFolder)) {
    const name = file.slice(0, -'.json'.length);
    const [guard, child] = read(join(runFolder, file));
    // While one of the two is alive, the number of the guard names their group and nobody else's.
    if (guard && [guard, child].some((one) => one && one.began !== '' && processBegan(one.pid) === one.began)) {
      endGroup(guard.pid);
      ended.push(name);
    }
    noteEnded(runFolder, name);
  }
  return ended;
}

export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
}

function read(path: string): Known[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Known[];
  } catch {
    // Torn by a crash while it was written: then its child had not been started for longer than a moment.
    return [];
  }
}
