import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GcpBuckets } from '../../../infra/gcp/buckets.ts';
import { GoogleApi } from '../../../infra/gcp/google-api.ts';
import { openAuth } from '../../../infra/gcp/google-auth.ts';
import { Tombstones } from '../../../infra/tombstones.ts';
import { openGcpCloud } from '../../../infra/gcp/gcp-cloud.ts';
import type { GcpCloudOptions } from '../../../infra/gcp-options.ts';
import { folderStore } from '../../../infra/local/folder-store.ts';
import { ownTrainerFolder } from '../../../infra/trainer-image.ts';
import { type GcpSimulation, startGcpSimulation } from '../../cloud-sim/gcp/start-gcp-simulation.ts';
import type { House } from '../cloud-contract.ts';
import { processesOf } from '../local-house.ts';
import { terraformProgram } from '../../cloud-sim/gcp/google-provider.ts';
import { makeMachineRole } from './make-machine-role.ts';
import { provider } from './provider.ts';

export interface GcpHouse extends House {
  simulation: GcpSimulation;
  options: GcpCloudOptions;
  /** How long each part of Terraform's work took. */
  measured: Map<string, number[]>;
}

/** What lies below the house's own interface, opened as the house opens it. */
export function belowHouse({ options }: GcpHouse): { api: GoogleApi; buckets: GcpBuckets } {
  const { project, endpoint, store, installationId } = options;
  const auth = openAuth(endpoint);
  const api = new GoogleApi(auth, project, endpoint);
  const tombstones = new Tombstones(store, 'gcp');
  const location = 'us-central1';
  return { api, buckets: new GcpBuckets({ auth, api, project, endpoint, installationId, tombstones, location }) };
}

const here = import.meta.dirname;
/** One for all tests of a machine: bringing the provider is not what they are about. */
const cacheFolder = join(tmpdir(), 'trainyard-gcp-test-cache');

export async function openGcpHouse(trainerFolder = join(here, 'stand-in')): Promise<GcpHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-gcp-'));
  const { mirror } = await provider();
  const simulation = await startGcpSimulation({ folder: join(folder, 'google'), trainerFolder });
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = simulation.keyFile;
  const measured = new Map<string, number[]>();
  const plain = {
    project: simulation.project,
    zones: ['us-central1-a', 'us-central1-b', 'europe-west4-a'],
    network: 'default',
    subnetwork: '',
    publicAddress: true,
    image: '',
    machineTypes: [],
    places: 5,
    terraform: terraformProgram,
    providerMirror: mirror,
    terraformAtOnce: 4,
    endpoint: simulation.endpoint,
    pubsubEndpoint: simulation.pubsubEndpoint,
    installationId: 'home',
    host: 'test',
    dataFolder: join(folder, 'data'),
    cacheFolder,
    heartbeatSeconds: 1,
    logCapBytes: 1_000_000,
    trainerHash: '',
    trainerFolder: ownTrainerFolder,
  };
  const options: GcpCloudOptions = {
    ...plain,
    store: folderStore(join(folder, 'store')),
    measured: (part, ms) => measured.set(part, [...(measured.get(part) ?? []), Math.round(ms)]),
  };
  await makeMachineRole(simulation);
  return {
    simulation,
    options,
    measured,
    cloud: openGcpCloud(options),
    installationId: options.installationId,
    neighbour: () =>
      openGcpCloud({ ...options, installationId: 'neighbour', store: folderStore(join(folder, 'neighbour')) }),

    async diesBefore(dieBefore, call, argument) {
      const told = JSON.stringify({ options: plain, store: join(folder, 'store'), call, argument, dieBefore });
      const child = spawn(process.execPath, [join(here, 'crashing-call.ts'), told], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder, 'compiled'), NODE_OPTIONS: '' },
      });
      const [code, signal] = await once(child, 'exit');
      if (signal === 'SIGKILL') return true;
      if (code !== 0) throw new Error(`${call} failed in its own process.`);
      return false;
    },

    running: (ref) => processesOf(simulation.folder, ref),
    async close() {
      await simulation.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
