import { datasetService, keepDataset } from './dataset-service.ts';
import { engineService } from './engine-service.ts';
import { healthService } from './health-service.ts';
import { jobService } from './job-service.ts';
import { logService } from './log-service.ts';
import { lookService } from './look-service.ts';
import { machineService } from './machine-service.ts';
import { modelService } from './model-service.ts';
import type { ServiceOptions } from './options.ts';
import { preparationService } from './preparation-service.ts';
import { predictionService } from './prediction-service.ts';
import { recipeService } from './recipe-service.ts';
import type { Services } from './services.ts';
import { sweepService } from './sweep-service.ts';
import { storageService } from './storage-service.ts';
import { uploadService } from './upload-service.ts';

export function openServices(options: ServiceOptions): Services {
  const health = healthService(options);
  const keep = keepDataset(options, health);
  const datasets = datasetService(options, keep);
  const recipes = recipeService(options);
  const jobs = jobService(options, health);
  return {
    recipes,
    preparations: preparationService(options, { health, recipes }),
    uploads: uploadService(options, { health, keep }),
    looks: lookService(options),
    datasets,
    jobs,
    sweeps: sweepService(options, jobs),
    predictions: predictionService(options, { health, keep, datasets }),
    models: modelService(options),
    log: logService(options),
    engines: engineService(options),
    machines: machineService(options),
    storage: storageService(options),
    health,
  };
}
