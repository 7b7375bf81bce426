import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../lock.ts';
import type { Progress } from '../progress.ts';
import { runProgram } from '../run-program.ts';
import { build } from './bring-cloud-sim.ts';
import {
  cachedOwnProvider,
  googleProviderVersion,
  hasGoogleProvider,
  providerFolderIn,
  providerSource,
} from './find-google-provider.ts';

/** Our stand-in for Google's Terraform provider, in the form of a mirror from which the real CLI takes it. */
export async function bringGoogleProvider(cacheFolder: string, progress: Progress): Promise<void> {
  const mirror = cachedOwnProvider(cacheFolder);
  if (hasGoogleProvider(mirror)) return;
  if ((await runProgram('go', ['version'], { timeoutMs: 20_000 })).code !== 0) {
    progress.line('There is no Go to build what stands in for Google’s Terraform provider with.');
    return;
  }
  await withLock(`${mirror}.lock`, progress, async () => {
    if (hasGoogleProvider(mirror)) return;
    const step = progress.step('Building what stands in for Google’s Terraform provider, with Go', 'once, 2 minutes');
    // Made beside and renamed: half of it is never found.
    const part = `${mirror}.part`;
    await rm(part, { recursive: true, force: true });
    const folder = providerFolderIn(part);
    await mkdir(folder, { recursive: true });
    try {
      const program = join(folder, `terraform-provider-google_v${googleProviderVersion}`);
      await build(['build', '-trimpath', '-ldflags', '-s -w', '-o', program, '.'], part, providerSource);
      await rename(part, mirror);
      step.done();
    } catch (error) {
      step.failed();
      throw error;
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
}
