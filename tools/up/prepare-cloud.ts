import type { Settings } from '../../settings/settings.ts';
import { Problem } from '../problem.ts';
import type { Progress } from '../progress.ts';
import { bringTerraform } from '../terraform/bring-terraform.ts';

/** What Google Cloud needs of this machine, where a project is set. Without it jobs here run all the same, so it is said, and no more. */
export async function prepareCloud(settings: Settings, progress: Progress): Promise<void> {
  const { gcpProject, gcpTerraform: given, cacheFolder, pythonPath } = settings;
  if (gcpProject === '') return;
  try {
    await bringTerraform({ given, cacheFolder, pythonPath }, progress);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    progress.line(`Google Cloud: ${error.message}`);
  }
}
