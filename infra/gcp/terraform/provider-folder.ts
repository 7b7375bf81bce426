import { createHash, randomUUID } from 'node:crypto';
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

export interface ProviderSource {
  cacheFolder: string;
  /** Terraform, or OpenTofu: each has addresses of its own for the same provider. */
  program: string;
  /** '' is wherever the program finds it. */
  mirror: string;
}

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
export async function prepareProviders(source: ProviderSource, run: RunTerraform): Promise<Providers> {
  const place = providerPlace(source);
  const providers = { configFile: join(place, 'terraform.rc'), lockFile: join(place, '.terraform.lock.hcl') };
  if (!existsSync(providers.configFile)) await make(place, source.mirror, run);
  return providers;
}

/** What was written down of one provider fits no other: neither its checksum nor the address that it came from. */
export function providerPlace({ cacheFolder, program, mirror }: ProviderSource): string {
  const key = createHash('sha256')
    .update(JSON.stringify([program, mirror]))
    .digest('hex')
    .slice(0, 12);
  return join(cacheFolder, 'terraform', `google-${providerVersion}-${key}`);
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
