import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';

const root = join(import.meta.dirname, '..');
const workflowsPath = join(root, 'workflows/index.ts');

/**
 * The workflows as one file for the sandbox. Bundling takes seconds and its result depends only on the sources, so it
 * is kept in the cache under their hash and a start does not pay for it.
 */
export async function workflowBundle(cacheFolder: string): Promise<{ codePath: string }> {
  const folder = join(cacheFolder, 'workflow-bundles');
  const codePath = join(folder, `${await hashOfSources()}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  await mkdir(folder, { recursive: true });
  const beside = `${codePath}.${process.pid}`;
  await writeFile(beside, code, { flush: true });
  await rename(beside, codePath);
  return { codePath };
}

async function hashOfSources(): Promise<string> {
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

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
