import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadTo } from '../download.ts';
import { withLock } from '../lock.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';
import { cachedTemporalPath, findTemporal, type TemporalProgram, temporalVersion, versionOf } from './find-temporal.ts';

const module = `github.com/temporalio/cli/cmd/temporal@v${temporalVersion}`;

/** The Temporal server: found, else downloaded, else built with Go; kept in the cache folder. */
export async function bringTemporal(cacheFolder: string, progress: Progress): Promise<TemporalProgram> {
  const found = await findTemporal(cacheFolder);
  if (found) return found;
  const path = cachedTemporalPath(cacheFolder);
  await withLock(`${dirname(path)}.lock`, progress, async () => {
    if (await findTemporal(cacheFolder)) return;
    // Made beside and renamed: a half-written program is never found.
    const part = `${dirname(path)}.part`;
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
    try {
      const notDownloaded = await download(part, progress);
      if (notDownloaded !== undefined) await build(part, notDownloaded, progress);
      await rm(dirname(path), { recursive: true, force: true });
      await rename(part, dirname(path));
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
  return { path, version: temporalVersion, from: 'cache' };
}

/** Undefined when it is there; else why not. */
async function download(folder: string, progress: Progress): Promise<string | undefined> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const url = `https://temporal.download/cli/archive/v${temporalVersion}?platform=${process.platform}&arch=${arch}`;
  const step = progress.step(`Downloading the Temporal server ${temporalVersion}`, 'about 80 MB, half a minute');
  try {
    await downloadTo(url, join(folder, 'archive.tar.gz'), step);
    const { code, output } = await runProgram('tar', ['-xzf', 'archive.tar.gz', 'temporal'], { cwd: folder });
    if (code !== 0) throw new Error(lastLines(output, 1));
    await rm(join(folder, 'archive.tar.gz'));
    if (!(await versionOf(join(folder, 'temporal')))) throw new Error('what came does not run on this machine');
    step.done();
    return undefined;
  } catch (error) {
    step.failed();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    return reasonOf(error);
  }
}

async function build(folder: string, notDownloaded: string, progress: Progress): Promise<void> {
  progress.line(`The Temporal server could not be downloaded (${notDownloaded}).`);
  const go = await runProgram('go', ['version'], { timeoutMs: 20_000 });
  if (go.code !== 0) {
    throw new Problem(
      `The Temporal server could not be downloaded (${notDownloaded}), and there is no Go to build it with. ` +
        'Install the Temporal CLI 1.5 or newer so that "temporal" is on the PATH (https://docs.temporal.io/cli), ' +
        'or Go 1.24 or newer (https://go.dev/dl), then run this again.',
    );
  }
  const step = progress.step('Building the Temporal server with Go', 'once, 3 to 5 minutes, 500 MB of modules');
  let modules = 0;
  // What Go keeps of a build would be two gigabytes that nobody needs again.
  const buildCache = join(folder, 'go-build');
  const { code, output } = await runProgram('go', ['install', module], {
    env: { ...process.env, GOBIN: folder, GOCACHE: buildCache },
    onLine: (line) => {
      if (line.startsWith('go: downloading')) modules += 1;
      step.update(null, modules > 0 ? `${modules} modules downloaded` : undefined);
    },
  });
  await rm(buildCache, { recursive: true, force: true });
  if (code !== 0 || !(await versionOf(join(folder, 'temporal')))) {
    step.failed();
    throw new Problem(
      `The Temporal server could not be built with Go: ${lastLines(output, 2)}. Install the Temporal CLI 1.5 or newer ` +
        'so that "temporal" is on the PATH (https://docs.temporal.io/cli), then run this again.',
    );
  }
  step.done();
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
