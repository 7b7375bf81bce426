import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { hashOfWorkflowSources } from './workflow-sources.ts';

const workflowsPath = join(import.meta.dirname, '../workflows/index.ts');

/**
 * The workflows as one file for the sandbox. Bundling takes seconds and its result depends only on the sources, so it
 * is kept in the cache under their hash and a start does not pay for it.
 */
export async function workflowBundle(cacheFolder: string): Promise<{ codePath: string }> {
  const folder = join(cacheFolder, 'workflow-bundles');
  const codePath = join(folder, `${await hashOfWorkflowSources()}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  await mkdir(folder, { recursive: true });
  const beside = `${codePath}.${process.pid}`;
  await writeFile(beside, code, { flush: true });
  await rename(beside, codePath);
  return { codePath };
}

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
