import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The names of files and folders on their way say whose they are: `work-4711-9f86d081-…`. */
const owned = /^\.?[a-z]+-(\d+)-([0-9a-f]{8}|x)-/;
let own: string | undefined;

/** How the name of something begins that this process removes. */
export function ownName(kind: string): string {
  own ??= began(process.pid);
  return `${kind}-${process.pid}-${own}-`;
}

/** Whether the process that would have removed it is gone. */
export function isLeftBehind(name: string): boolean {
  const [, pid, stamp] = owned.exec(name) ?? [];
  if (pid === undefined || stamp === undefined) return false;
  // A number alone is no proof: after a restart it is given to another process, which may live for ever.
  return !isAlive(Number(pid)) || began(Number(pid)) !== stamp;
}

/** When a process began, since which start of the machine; “x” where the system does not say. */
function began(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold blanks and brackets itself; the fields after it may not.
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return createHash('sha256').update(`${boot} ${start}`).digest('hex').slice(0, 8);
  } catch {
    return 'x';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
  }
}
