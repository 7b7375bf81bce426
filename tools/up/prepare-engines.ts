import { describeEngines } from '../../infra/engines.ts';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import type { Progress } from '../progress.ts';

/** The environments that the first model on a fresh machine must not wait for; the others are made when first asked for. */
export async function prepareEngines(settings: Settings, progress: Progress): Promise<void> {
  const { cacheFolder } = settings;
  const pythonPath = settings.pythonPath || 'python3';
  const trainerFolder = trainerFolderOf(settings);
  const environments = engineEnvironments({ cacheFolder, trainerFolder, pythonPath });
  const engines = await describeEngines({ python: pythonPath, trainerFolder });
  for (const { name, title, environment } of engines.filter((engine) => engine.environment.preparedAtStart)) {
    if (environments.python(name) !== undefined) continue;
    const expectation = `once, ${environment.downloadMegabytes} MB to download, about ${environment.installSeconds} s`;
    const step = progress.step(`Preparing the Python environment of ${title}`, expectation);
    try {
      await environments.prepare(name, (sentence) => step.update(null, sentence));
      step.done();
    } catch (error) {
      step.failed();
      throw error;
    }
  }
}
