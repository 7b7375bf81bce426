import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Changes with whatever the bundle of the workflows is made from, and with nothing else. */
export async function hashOfWorkflowSources(): Promise<string> {
  const hash = createHash('sha256');
  const sources = [];
  for (const folder of ['workflows', 'domain']) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (name.endsWith('.ts')) sources.push(join(root, folder, name));
    }
  }
  for (const path of [...sources.sort(), join(root, 'package-lock.json')]) {
    hash
      .update(relative(root, path))
      .update('\0')
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}
