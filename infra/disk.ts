import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from './atomic-file.ts';

/** Bytes that this user can still write on the disk of `folder`, which need not be there yet. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  } catch (error) {
    const above = dirname(folder);
    if (!hasCode(error, 'ENOENT') || above === folder) throw error;
    return freeBytes(above);
  }
}
