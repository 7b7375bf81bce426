import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  cachedTerraformPath,
  terraformProgram,
  terraformVersion,
  usableTerraform,
} from '../../infra/terraform-program.ts';
import { downloadTo } from '../download.ts';
import { withLock } from '../lock.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';

/**
 * SHA-256 of the release's zips, as HashiCorp published them for Homebrew (hashicorp/homebrew-tap, e67d13c, 9 April 2025).
 * They are why the file of checksums needs not be fetched, nor its signature checked: what differs is never run.
 */
export const terraformSums: Readonly<Record<string, string>> = {
  linux_amd64: '1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc',
  linux_arm64: 'a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633',
  darwin_amd64: 'a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b',
  darwin_arm64: '867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18',
};

const releases = 'https://releases.hashicorp.com';
const byHand =
  'Install Terraform 1.5 or newer (https://developer.hashicorp.com/terraform/install) so that "terraform" is on the PATH, ' +
  'or name it, or OpenTofu, with TRAINYARD_GCP_TERRAFORM; then run this again.';

export interface TerraformWanted {
  /** The setting gcpTerraform. */
  given: string;
  cacheFolder: string;
  /** What unpacks a zip. */
  pythonPath: string;
  /** Where the releases are; for tests. */
  from?: string;
  sums?: Readonly<Record<string, string>>;
  searchPath?: string;
}

/** Terraform: the one of the settings or of the PATH, else the pinned release, checked and kept in the cache folder. */
export async function bringTerraform(wanted: TerraformWanted, progress: Progress): Promise<string> {
  const { given, cacheFolder, searchPath } = wanted;
  const program = terraformProgram(given, cacheFolder, searchPath);
  const cached = cachedTerraformPath(cacheFolder);
  if (program === cached) return cached;
  if (given !== '' || program !== 'terraform') {
    if ((await terraformAt(program)) === undefined) {
      throw new Problem(`"${program}" is no Terraform 1.5 or newer, and no OpenTofu. ${byHand}`);
    }
    return program;
  }
  await withLock(`${dirname(cached)}.lock`, progress, async () => {
    if (!existsSync(cached)) await download(cached, wanted, progress);
  });
  return cached;
}

/** What a program says that it is: undefined for one that does not run, is too old, or is something else. */
export async function terraformAt(program: string): Promise<{ name: string; version: string } | undefined> {
  const { code, output } = await runProgram(program, ['version'], {
    timeoutMs: 10_000,
    env: { ...process.env, CHECKPOINT_DISABLE: '1' },
  });
  return code === 0 ? usableTerraform(output) : undefined;
}

async function download(cached: string, wanted: TerraformWanted, progress: Progress): Promise<void> {
  const { from = releases, sums = terraformSums, pythonPath } = wanted;
  const system = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sum = sums[system];
  if (sum === undefined)
    throw new Problem(`There is no Terraform ${terraformVersion} to bring for ${system}. ${byHand}`);
  const step = progress.step(`Downloading Terraform ${terraformVersion}`, 'about 27 MB');
  // Made beside and renamed: a half-written program is never found.
  const part = `${dirname(cached)}.part`;
  const zip = join(part, 'terraform.zip');
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  try {
    await downloadTo(`${from}/terraform/${terraformVersion}/terraform_${terraformVersion}_${system}.zip`, zip, step);
    const got = await sumOf(zip);
    if (got !== sum) throw new Error(`what came is not the release: its SHA-256 is ${got}, not ${sum}`);
    const { code, output } = await runProgram(pythonPath || 'python3', ['-m', 'zipfile', '-e', zip, part]);
    if (code !== 0) throw new Error(`it could not be unpacked: ${lastLines(output, 1)}`);
    await rm(zip);
    await chmod(join(part, 'terraform'), 0o755);
    await rm(dirname(cached), { recursive: true, force: true });
    await rename(part, dirname(cached));
    step.done();
  } catch (error) {
    step.failed();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    throw new Problem(`Terraform ${terraformVersion} could not be brought (${reason}). ${byHand}`);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
