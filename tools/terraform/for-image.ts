import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onlyProvider } from '../../infra/gcp/terraform/provider-folder.ts';
import { Problem } from '../problem.ts';
import { openProgress, type Progress } from '../progress.ts';
import { lastLines, runProgram } from '../run-program.ts';
import { bringTerraform, type TerraformWanted } from './bring-terraform.ts';

const mirrorTimeoutMs = 600_000;

/**
 * What a container needs to make machines without asking anybody later: the pinned Terraform, checked by its checksum, in
 * `bin/`, and the provider in `providers/`, a mirror that Terraform itself has checked by HashiCorp's signature.
 */
export async function terraformForImage(
  into: string,
  release: Pick<TerraformWanted, 'from' | 'sums'>,
  progress: Progress,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-terraform-'));
  try {
    // Whatever is on the PATH of who builds: the image gets the release.
    const brought = await bringTerraform(
      { given: '', cacheFolder: folder, pythonPath: 'python3', searchPath: '', ...release },
      progress,
    );
    const program = join(into, 'bin', 'terraform');
    await mkdir(join(into, 'bin'), { recursive: true });
    await copyFile(brought, program);
    await chmod(program, 0o755);
    const plan = join(folder, 'plan');
    await mkdir(plan);
    await writeFile(join(plan, 'main.tf.json'), onlyProvider);
    const { code, output } = await runProgram(program, ['providers', 'mirror', join(into, 'providers')], {
      cwd: plan,
      timeoutMs: mirrorTimeoutMs,
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
    if (code !== 0) throw new Problem(`The provider for Google could not be brought: ${lastLines(output, 5)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [into] = process.argv.slice(2);
  if (into === undefined) throw new Problem('Say where to: node tools/terraform/for-image.ts FOLDER');
  await terraformForImage(into, {}, openProgress(process.stdout));
}
