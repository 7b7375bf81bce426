import type { AppContext } from '../../app-context.ts';
import type { Services } from '../../services/services.ts';
import type { SecuredRoutes } from '../secured-routes.ts';
import { dataRoutes } from './data-routes.ts';
import { datasetImportRoutes } from './dataset-import-routes.ts';
import { datasetRoutes } from './dataset-routes.ts';
import { jobActionRoutes } from './job-action-routes.ts';
import { jobRoutes } from './job-routes.ts';
import { jobsRoutes } from './jobs-routes.ts';
import { logRoutes } from './log-routes.ts';
import { machinesRoutes } from './machines-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { newSweepRoutes } from './new-sweep-routes.ts';
import { newJobRoutes } from './new-job-routes.ts';
import { pageKit } from './page-kit.ts';
import { preparationRoutes } from './preparation-routes.ts';
import { predictRoutes } from './predict-routes.ts';
import { predictionRoutes } from './prediction-routes.ts';
import { recipeEditRoutes } from './recipe-edit-routes.ts';
import { recipeRoutes } from './recipe-routes.ts';
import { sweepRoutes } from './sweep-routes.ts';
import { yardRoutes } from './yard-routes.ts';

/** Every page. The order matters where one path could be taken for another: `/jobs/new` before `/jobs/:id`. */
export function pageRouter(services: Services, context: AppContext): SecuredRoutes {
  const kit = pageKit(services, context);
  const routes = context.openRoutes();
  yardRoutes(routes, kit);
  jobsRoutes(routes, kit);
  newJobRoutes(routes, kit);
  jobRoutes(routes, kit);
  jobActionRoutes(routes, kit);
  newSweepRoutes(routes, kit);
  sweepRoutes(routes, kit);
  logRoutes(routes, kit);
  dataRoutes(routes, kit);
  datasetRoutes(routes, kit);
  datasetImportRoutes(routes, kit);
  recipeRoutes(routes, kit);
  recipeEditRoutes(routes, kit);
  preparationRoutes(routes, kit);
  modelRoutes(routes, kit);
  predictRoutes(routes, kit);
  predictionRoutes(routes, kit);
  machinesRoutes(routes, kit);
  return routes;
}
