import type { AppContext } from '../../app-context.ts';
import type { Feed } from '../../live/feed.ts';
import type { Services } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { datasetOperations } from './dataset-operations.ts';
import { jobOperations } from './job-operations.ts';
import { machineOperations } from './machine-operations.ts';
import { modelOperations } from './model-operations.ts';
import { apiRoutes, type Operation } from './operation.ts';
import { preparationOperations } from './preparation-operations.ts';
import { predictionOperations } from './prediction-operations.ts';
import { recipeOperations } from './recipe-operations.ts';
import { sweepOperations } from './sweep-operations.ts';
import { uploadOperations } from './upload-operations.ts';
import { workOperations } from './work-operations.ts';

/** The JSON API, to be mounted at /api/v1, and its operations as they are described. */
export function apiRouter(
  services: Services,
  feed: Feed,
  context: AppContext,
): SecuredRoutes & { operations: Operation[] } {
  const routes = context.openRoutes();
  const api = apiRoutes(routes, context);
  uploadOperations(api, services);
  datasetOperations(api, services);
  recipeOperations(api, services);
  preparationOperations(api, services);
  jobOperations(api, services);
  sweepOperations(api, services);
  workOperations(api, services, feed);
  modelOperations(api, services);
  predictionOperations(api, services);
  machineOperations(api, services);
  return { ...routes, operations: api.operations };
}
