import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../lock.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';
import { cachedCloudSim, hasCloudSim, pubsubSource, storageModule } from './find-cloud-sim.ts';

/** What stands in for Google's storage and Pub/Sub in tests: built with Go, kept in the cache folder. */
export async function bringCloudSim(cacheFolder: string, progress: Progress): Promise<void> {
  if (hasCloudSim(cacheFolder)) return;
  const { folder } = cachedCloudSim(cacheFolder);
  await withLock(`${folder}.lock`, progress, async () => {
    if (existsSync(folder)) return;
    const step = progress.step('Building what stands in for Google Cloud, with Go', 'once, 2 to 5 minutes');
    // Made beside and renamed: half of it is never found.
    const part = `${folder}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    try {
      await build(['build', '-trimpath', '-o', join(part, 'pubsub'), '.'], part, pubsubSource);
      await build(['install', storageModule], part);
      await rename(part, folder);
      step.done();
    } catch (error) {
      step.failed();
      throw error;
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
}

async function build(args: readonly string[], bin: string, cwd?: string): Promise<void> {
  const { code, output } = await runProgram('go', args, {
    // Not into a folder that somebody else's settings name, and not by a workspace that happens to lie above.
    env: { ...process.env, GOBIN: bin, GOFLAGS: '-buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' },
    ...(cwd && { cwd }),
  });
  if (code !== 0)
    throw new Problem(`What stands in for Google Cloud could not be built with Go: ${lastLines(output, 2)}`);
}
