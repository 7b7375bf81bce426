import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import type { Settings } from '../../settings/settings.ts';
import { trainerFolderOf } from '../../workers/open-clouds.ts';
import type { Progress } from '../progress.ts';

/** The engine that the first model is trained with; the larger ones are prepared when first asked for. */
const smallEngine = 'sklearn';

export async function prepareSmallEngine(settings: Settings, progress: Progress): Promise<void> {
  const environments = engineEnvironments({
    cacheFolder: settings.cacheFolder,
    trainerFolder: trainerFolderOf(settings),
    pythonPath: settings.pythonPath || 'python3',
  });
  if (environments.python(smallEngine) !== undefined) return;
  const step = progress.step('Preparing the Python environment of scikit-learn', 'once, about 100 MB, under a minute');
  try {
    await environments.prepare(smallEngine, (sentence: string) => step.update(null, sentence));
    step.done();
  } catch (error) {
    step.failed();
    throw error;
  }
}
