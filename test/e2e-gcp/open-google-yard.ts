import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineEnvironments } from '../../infra/local/engine-environments.ts';
import { loadSettings } from '../../settings/settings.ts';
import { findProgram } from '../../tools/checks/find-program.ts';
import { terraformProgram } from '../cloud-sim/gcp/google-provider.ts';
import { type GcpSimulation, startGcpSimulation } from '../cloud-sim/gcp/start-gcp-simulation.ts';
import { apiAt } from '../e2e/api.ts';
import { countingTrainer } from '../e2e/counting.ts';
import { openRunningYard, type RunningYard } from '../e2e/running-yard.ts';
import { makeMachineRole } from '../infra/gcp/make-machine-role.ts';
import { provider } from '../infra/gcp/provider.ts';

/** The whole product as `./x up` runs it, with a Google Cloud of its own that it knows by nothing but its settings. */
export interface GoogleYard {
  google: GcpSimulation;
  yard: RunningYard;
  api: ReturnType<typeof apiAt>;
  /** What was killed last may have had files in hand. */
  lastKillAtMs: number;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');
const realTrainer = join(root, 'trainer-image');

/** In the order of the settings: two in one region, the third in another. */
export const zones = ['us-central1-a', 'us-central1-b', 'europe-west4-a'] as const;

export interface GoogleYardOptions {
  trainer: 'real' | 'counting';
  places?: number;
  /** More settings. */
  env?: Record<string, string>;
}

export async function openGoogleYard({ trainer, places = 12, env = {} }: GoogleYardOptions): Promise<GoogleYard> {
  const { mirror } = await provider();
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-google-'));
  const trainerFolder = trainer === 'real' ? realTrainer : countingTrainer;
  const google = await startGcpSimulation({
    folder: join(folder, 'google'),
    trainerFolder,
    pythonOf: pythonsOf(trainerFolder),
    // Else Google's provider asks again only after ten seconds, of each thing.
    delays: { answerMs: 1500 },
  });
  let yard: RunningYard | undefined;
  const close = async () => {
    await yard?.remove();
    await google.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = google.keyFile;
    await makeMachineRole(google);
    yard = await openRunningYard({
      TRAINYARD_TRAINER_FOLDER: trainerFolder,
      TRAINYARD_GCP_PROJECT: google.project,
      TRAINYARD_GCP_ZONES: zones.join(','),
      TRAINYARD_GCP_PLACES: String(places),
      TRAINYARD_GCP_ENDPOINT: google.endpoint,
      TRAINYARD_GCP_PUBSUB_ENDPOINT: google.pubsubEndpoint,
      TRAINYARD_GCP_TERRAFORM: terraformProgram,
      TRAINYARD_GCP_PROVIDER_MIRROR: mirror,
      GOOGLE_APPLICATION_CREDENTIALS: google.keyFile,
      ...env,
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { google, yard, api: apiAt(yard.url), lastKillAtMs: 0, close };
}

/** The environments that an image has built in are this computer's own. */
function pythonsOf(trainerFolder: string): (engine: string) => string | undefined {
  const { cacheFolder, pythonPath } = loadSettings(process.env, root);
  const python = findProgram(pythonPath || 'python3');
  const environments = engineEnvironments({ cacheFolder, trainerFolder, pythonPath: pythonPath || 'python3' });
  return (engine) => {
    // The small one of tests needs no environment.
    return trainerFolder === countingTrainer ? python : environments.python(engine);
  };
}
