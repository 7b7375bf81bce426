import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { absentAs, hasCode } from '../atomic-file.ts';

/** Of macOS alone: take a shared lock while opening; Node has no name for it. */
const O_SHLOCK = 0x10;

/**
 * Whether a machine surely holds its lock. Asked for every open job every few seconds, so it must cost next to nothing,
 * and Node cannot ask for a file lock. Linux lists all locks with the file they are on (one small read, no process); on
 * macOS a lock can be tried for while opening. A `true` is proof of life; a `false` may also mean that this system
 * tells file and lock apart by another number (some layered file systems do), so whoever gets it has `machine.py`
 * try the lock itself, which is 30 ms of processor time, before calling a machine dead.
 */
export async function surelyLocked(path: string): Promise<boolean> {
  if (platform() === 'darwin') return isRefusedToUs(path);
  const file = await absentAs(undefined, () => stat(path, { bigint: true }));
  const locks = await absentAs('', () => readFile('/proc/locks', 'utf8'));
  if (!file) return false;
  const place = `${deviceName(file.dev)}:${file.ino}`;
  return locks.split('\n').some((line) => {
    const words = line.split(/\s+/);
    // Of one who only waits for a lock, the second word is an arrow.
    return words[1] === 'FLOCK' && words[5] === place;
  });
}

/** As the kernel writes it there: two hexadecimal digits at least, of each half. */
function deviceName(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}

async function isRefusedToUs(path: string): Promise<boolean> {
  try {
    await (await open(path, constants.O_RDONLY | constants.O_NONBLOCK | O_SHLOCK)).close();
    return false;
  } catch (error) {
    return hasCode(error, 'EAGAIN', 'EWOULDBLOCK');
  }
}
