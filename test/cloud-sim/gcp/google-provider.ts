import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { terraformProgram as findTerraform } from '../../../infra/terraform-program.ts';
import { loadSettings } from '../../../settings/settings.ts';
import {
  cachedOwnProvider,
  cachedRealProvider,
  findOwnProvider,
  googleProviderVersion,
  hasGoogleProvider,
} from '../../../tools/cloud-sim/find-google-provider.ts';
import { runProgram } from '../../../tools/run-program.ts';

export interface GoogleProvider {
  kind: 'real' | 'ours';
  /** In words, for the name of a test or a line of output. */
  said: string;
  /** A filesystem mirror that holds it. */
  mirror: string;
  /** The file for TF_CLI_CONFIG_FILE. */
  cliConfig: string;
}

const { cacheFolder, gcpProviderMirror, gcpTerraform } = loadSettings(
  process.env,
  join(import.meta.dirname, '../../..'),
);
export const terraformProgram = findTerraform(gcpTerraform, cacheFolder);

const registry = 'https://registry.terraform.io/v1/providers/hashicorp/google/versions';
const registryTimeoutMs = 4000;
/** 120 MB, where the network has them at all. */
const downloadTimeoutMs = 180_000;

let found: Promise<GoogleProvider> | undefined;

/** Google's own where it can be had (a mirror that is named, or the network), else ours; and says which. */
export function googleProvider(): Promise<GoogleProvider> {
  found ??= find();
  return found;
}

async function find(): Promise<GoogleProvider> {
  const real = await realProvider();
  const provider = real ?? (await ownProvider());
  // To the very output, past what a test runner does with it: nobody should have to guess which one ran.
  const why = real ? '' : ', because the real one is not in reach here';
  process.stderr.write(`\n>>> Terraform runs with ${provider.said}${why}.\n`);
  return provider;
}

/** Undefined where it is out of reach. */
export async function realProvider(): Promise<GoogleProvider | undefined> {
  const said = (where: string) => `GOOGLE'S REAL PROVIDER ${googleProviderVersion}, ${where}`;
  if (gcpProviderMirror !== '') {
    if (hasGoogleProvider(gcpProviderMirror)) {
      return opened('real', said('from the mirror that is named'), gcpProviderMirror);
    }
    process.stderr.write(`\n>>> ${gcpProviderMirror} does not hold Google's provider ${googleProviderVersion}.\n`);
  }
  const cached = cachedRealProvider(cacheFolder);
  if (hasGoogleProvider(cached) || (await download(cached)))
    return opened('real', said('as Terraform found it'), cached);
  return undefined;
}

/** Built by the need “google provider” of a suite. */
export function ownProvider(): Promise<GoogleProvider> {
  return opened('ours', `OUR STAND-IN for Google's provider ${googleProviderVersion}`, findOwnProvider(cacheFolder));
}

export function hasOwnProvider(): boolean {
  return hasGoogleProvider(cachedOwnProvider(cacheFolder));
}

async function opened(kind: GoogleProvider['kind'], said: string, mirror: string): Promise<GoogleProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-terraform-'));
  process.once('exit', () => void rm(folder, { recursive: true, force: true }));
  const cliConfig = join(folder, 'terraform.rc');
  const content = `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`;
  await writeFile(cliConfig, content);
  return { kind, said, mirror, cliConfig };
}

/** Whether `terraform init` could bring it; asked in short first, because without a network Terraform itself asks for long. */
async function download(mirror: string): Promise<boolean> {
  try {
    const response = await fetch(registry, { signal: AbortSignal.timeout(registryTimeoutMs) });
    await response.body?.cancel();
    if (!response.ok) return false;
  } catch {
    return false;
  }
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-terraform-init-'));
  try {
    const wanted = { google: { source: 'google', version: googleProviderVersion } };
    await writeFile(join(folder, 'main.tf.json'), JSON.stringify({ terraform: { required_providers: wanted } }));
    await writeFile(join(folder, 'terraform.rc'), 'disable_checkpoint = true\n');
    const { code } = await runProgram(terraformProgram, ['init', '-input=false', '-no-color'], {
      cwd: folder,
      env: { ...process.env, TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc') },
      timeoutMs: downloadTimeoutMs,
    });
    const brought = join(folder, '.terraform', 'providers');
    if (code !== 0 || !hasGoogleProvider(brought)) return false;
    await mkdir(join(mirror, '..'), { recursive: true });
    // Another test may have been first with the same.
    await rename(brought, mirror).catch(() => {});
    return existsSync(mirror);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
