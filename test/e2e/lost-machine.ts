import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bucketNameOf } from '../../domain/ids.ts';

/** Which checkpoint of a job lies in its bucket, by its label; '' before the first. */
export function safeIn(dataFolder: string, id: string): string {
  const path = join(dataFolder, 'cloud/buckets', bucketNameOf({ kind: 'job', id }), 'checkpoints/latest.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { label: string }).label : '';
}

export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // One of them has taken another along.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function deleteDisk(dataFolder: string, machine: string): void {
  rmSync(join(dataFolder, 'cloud/machines', machine, 'work'), { recursive: true, force: true });
}
