import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../atomic-file.ts';

export const providerVersion = '6.50.0';

/** A plan that needs the provider and nothing else. */
export const onlyProvider = JSON.stringify({
  terraform: { required_providers: { google: { source: 'google', version: providerVersion } } },
});

type RunTerraform = (args: string[], folder: string, environment: Record<string, string>) => Promise<void>;

/** What every run of Terraform stands on: providers on this disk, so that none asks the network. */
export interface Providers {
  /** Names the file for TF_CLI_CONFIG_FILE. */
  configFile: string;
  /** The lock file of a folder that was initialised once; with it, the next needs not sum the provider's file. */
  lockFile: string;
}

/**
 * The provider, brought once: Terraform's own plugin cache is not safe when two runs initialise at once, so one folder is
 * initialised apart and renamed into place whole, and every later run takes from it as from a mirror.
 */
export async function prepareProviders(cacheFolder: string, mirror: string, run: RunTerraform): Promise<Providers> {
  const place = join(cacheFolder, 'terraform', `google-${providerVersion}${mirror ? '-mirror' : ''}`);
  const providers = { configFile: join(place, 'terraform.rc'), lockFile: join(place, '.terraform.lock.hcl') };
  if (!existsSync(providers.configFile)) await make(place, mirror, run);
  if (mirror) {
    // Another mirror may be named today than when this was made.
    const beside = `${providers.configFile}.${randomUUID()}`;
    await writeFile(beside, configOf(mirror));
    await rename(beside, providers.configFile);
  }
  return providers;
}

async function make(place: string, mirror: string, run: RunTerraform): Promise<void> {
  const making = `${place}.making-${randomUUID()}`;
  try {
    await mkdir(making, { recursive: true });
    await writeFile(join(making, 'main.tf.json'), onlyProvider);
    const config = join(making, 'terraform.rc');
    // While it is brought: from the mirror, or from wherever Terraform finds it.
    await writeFile(config, mirror ? configOf(mirror) : '');
    await run(['init', '-input=false', '-no-color'], making, { TF_CLI_CONFIG_FILE: config });
    await writeFile(config, configOf(mirror || join(place, '.terraform', 'providers')));
    await rename(making, place);
  } catch (error) {
    // Another was first with the same.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

export async function giveLockFile({ lockFile }: Providers, folder: string): Promise<void> {
  await copyFile(lockFile, join(folder, '.terraform.lock.hcl'));
}

function configOf(mirror: string): string {
  return `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`;
}
