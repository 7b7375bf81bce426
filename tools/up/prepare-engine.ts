import { describeEngines } from '../../infra/engines.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import type { Progress } from '../progress.ts';

/** The engines that say so are prepared at the start; the larger ones when they are first asked for. */
export async function prepareSmallEngine(settings: Settings, progress: Progress): Promise<void> {
  const trainerFolder = trainerFolderOf(settings);
  const pythonPath = settings.pythonPath || 'python3';
  const environments = engineEnvironments({ cacheFolder: settings.cacheFolder, trainerFolder, pythonPath });
  const engines = await describeEngines({ python: pythonPath, trainerFolder });
  for (const { name, title, environment } of engines) {
    if (!environment.preparedAtStart || environments.python(name) !== undefined) continue;
    const size = `once, about ${environment.downloadMegabytes} MB, about ${environment.installSeconds} s`;
    const step = progress.step(`Preparing the Python environment of ${title}`, size);
    try {
      await environments.prepare(name, (sentence: string) => step.update(null, sentence));
      step.done();
    } catch (error) {
      step.failed();
      throw error;
    }
  }
}
