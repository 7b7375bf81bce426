import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../problem.ts';

/** Of Google's provider for Terraform: what the stacks are written for, and what ours stands in for. */
export const googleProviderVersion = '6.50.0';
export const providerSource = join(import.meta.dirname, '../../test/cloud-sim/gcp/terraform-provider');

const goSystems: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows' };
const goProcessors: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', ia32: '386' };

/** Where a filesystem mirror of Terraform keeps the provider for this machine. */
export function providerFolderIn(mirror: string): string {
  const system = goSystems[process.platform] ?? process.platform;
  const processor = goProcessors[process.arch] ?? process.arch;
  const address = join('registry.terraform.io', 'hashicorp', 'google', googleProviderVersion);
  return join(mirror, address, `${system}_${processor}`);
}

export function hasGoogleProvider(mirror: string): boolean {
  const folder = providerFolderIn(mirror);
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('terraform-provider-google_'));
}

/** A mirror that holds our own provider: named by its source, so that changed source is built again. */
export function cachedOwnProvider(cacheFolder: string): string {
  const hash = createHash('sha256').update(googleProviderVersion);
  for (const name of readdirSync(providerSource).toSorted()) {
    hash.update(name).update(readFileSync(join(providerSource, name)));
  }
  const key = hash.digest('hex').slice(0, 16);
  return join(cacheFolder, 'tools', `terraform-provider-${key}-${process.platform}-${process.arch}`);
}

/** A mirror that holds the real one, as `terraform init` brought it once. */
export function cachedRealProvider(cacheFolder: string): string {
  return join(
    cacheFolder,
    'tools',
    `terraform-provider-google-${googleProviderVersion}-${process.platform}-${process.arch}`,
  );
}

export function findOwnProvider(cacheFolder: string): string {
  const mirror = cachedOwnProvider(cacheFolder);
  if (hasGoogleProvider(mirror)) return mirror;
  throw new Problem(
    'What stands in for Google’s Terraform provider has not been built: "./x test gcp" does that, with Go.',
  );
}
