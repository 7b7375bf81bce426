import type { Database } from './database.ts';
import { type AttemptStore, attemptStore } from './stores/attempt-store.ts';
import { type ContentStore, contentStore } from './stores/content-store.ts';
import { type DatasetStore, datasetStore } from './stores/dataset-store.ts';
import { type InstallationStore, installationStore } from './stores/installation-store.ts';
import { type JobStore, jobStore } from './stores/job-store.ts';
import { type LeaderboardStore, leaderboardStore } from './stores/leaderboard-store.ts';
import { type LogStore, logStore } from './stores/log-store.ts';
import { type MetricStore, metricStore } from './stores/metric-store.ts';
import { type ModelStore, modelStore } from './stores/model-store.ts';
import { type PlaceStore, placeStore } from './stores/place-store.ts';
import { type PredictionStore, predictionStore } from './stores/prediction-store.ts';
import { type PreparationStore, preparationStore } from './stores/preparation-store.ts';
import { type RecipeStore, recipeStore } from './stores/recipe-store.ts';
import { type RelayStore, relayStore } from './stores/relay-store.ts';
import { type ResourceStore, resourceStore } from './stores/resource-store.ts';
import { type SpendingStore, spendingStore } from './stores/spending-store.ts';
import { type SweepStore, sweepStore } from './stores/sweep-store.ts';
import { type TimelineStore, timelineStore } from './stores/timeline-store.ts';
import { type UploadStore, uploadStore } from './stores/upload-store.ts';
import { type WorkspaceStore, workspaceStore } from './stores/workspace-store.ts';

export interface Stores {
  database: Database;
  installation: InstallationStore;
  workspaces: WorkspaceStore;
  datasets: DatasetStore;
  contents: ContentStore;
  jobs: JobStore;
  predictions: PredictionStore;
  models: ModelStore;
  attempts: AttemptStore;
  timeline: TimelineStore;
  places: PlaceStore;
  resources: ResourceStore;
  relays: RelayStore;
  log: LogStore;
  metrics: MetricStore;
  leaderboard: LeaderboardStore;
  recipes: RecipeStore;
  preparations: PreparationStore;
  uploads: UploadStore;
  sweeps: SweepStore;
  spending: SpendingStore;
}

export function openStores(database: Database): Stores {
  return {
    database,
    installation: installationStore(database),
    workspaces: workspaceStore(database),
    datasets: datasetStore(database),
    contents: contentStore(database),
    jobs: jobStore(database),
    predictions: predictionStore(database),
    models: modelStore(database),
    attempts: attemptStore(database),
    timeline: timelineStore(database),
    places: placeStore(database),
    resources: resourceStore(database),
    relays: relayStore(database),
    log: logStore(database),
    metrics: metricStore(database),
    leaderboard: leaderboardStore(database),
    recipes: recipeStore(database),
    preparations: preparationStore(database),
    uploads: uploadStore(database),
    sweeps: sweepStore(database),
    spending: spendingStore(database),
  };
}
