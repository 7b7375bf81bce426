import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { loadSettings } from '../../../settings/settings.ts';
import { hasCloudSim } from '../../../tools/cloud-sim/find-cloud-sim.ts';
import { type GoogleProvider, googleProvider, terraformProgram } from '../../cloud-sim/gcp/google-provider.ts';

const root = join(import.meta.dirname, '../../..');

/** Why the suites on the simulation cannot run here; undefined when they can. Which provider they run with is said aloud. */
export async function whyNoTerraform(): Promise<string | undefined> {
  const why = await reason();
  if (why !== undefined) process.stderr.write(`Google Cloud suites SKIPPED: ${why}\n`);
  return why;
}

async function reason(): Promise<string | undefined> {
  if (spawnSync(terraformProgram, ['version'], { stdio: 'ignore' }).status !== 0) {
    return `there is no ${terraformProgram} to run.`;
  }
  if (!hasCloudSim(loadSettings(process.env, root).cacheFolder)) return 'the simulation has not been built.';
  return googleProvider().then(
    () => undefined,
    (error: Error) => error.message,
  );
}

export function provider(): Promise<GoogleProvider> {
  return googleProvider();
}
