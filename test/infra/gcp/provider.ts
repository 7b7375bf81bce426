import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { terraformProgram } from '../../../infra/terraform-program.ts';
import { loadSettings } from '../../../settings/settings.ts';
import { hasCloudSim } from '../../../tools/cloud-sim/find-cloud-sim.ts';

const root = join(import.meta.dirname, '../../..');

/** A folder that holds the real provider; '' leaves it to Terraform to find one. */
export function providerMirror(): string {
  return process.env['TRAINYARD_GCP_PROVIDER_MIRROR'] ?? '';
}

/** As the workers find it. */
export function terraformForTests(): string {
  const { gcpTerraform, cacheFolder } = loadSettings(process.env, root);
  return terraformProgram(gcpTerraform, cacheFolder);
}

/** Why the suites on the simulation cannot run here; undefined when they can. Said aloud either way. */
export function whyNoTerraform(): string | undefined {
  const why = reason();
  const provider = providerMirror() ? `of the mirror ${providerMirror()}` : 'that Terraform finds';
  process.stderr.write(
    why === undefined
      ? `Google Cloud suites: the real terraform CLI with the real Google provider ${provider}.\n`
      : `Google Cloud suites SKIPPED: ${why}\n`,
  );
  return why;
}

function reason(): string | undefined {
  const terraform = terraformForTests();
  if (spawnSync(terraform, ['version'], { stdio: 'ignore' }).status !== 0) return `there is no ${terraform} to run.`;
  if (!hasCloudSim(loadSettings(process.env, root).cacheFolder)) return 'the simulation has not been built.';
  if (providerMirror()) return undefined;
  const brought = join(tmpdir(), 'trainyard-gcp-test-cache', 'terraform');
  if (existsSync(brought)) return undefined;
  return 'TRAINYARD_GCP_PROVIDER_MIRROR names no mirror with the Google provider.';
}
