import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageFamily, imageKinds, imageName, trainerHash } from '../../../infra/trainer-image.ts';
import { adminOf } from './admin.ts';
import { freePort, Guests, type Image } from './boot/guest.ts';
import { MachineProcesses } from './boot/machine-processes.ts';
import { diskRoutes } from './compute/disks.ts';
import { addImage, imageRoutes, type ImageToAdd } from './compute/images.ts';
import { type Delays, InstanceLife } from './compute/instance-life.ts';
import { instanceRoutes } from './compute/instances.ts';
import { Operations } from './compute/operations.ts';
import { networkRoutes } from './compute/networks.ts';
import { placeRoutes } from './compute/places.ts';
import { Quotas } from './compute/quotas.ts';
import { startFront } from './front.ts';
import { openGround } from './ground.ts';
import { projectRoutes, servicesAtFirst } from './iam/projects.ts';
import { serviceAccountRoutes } from './iam/service-accounts.ts';
import { messagingRoutes } from './messaging.ts';
import { type Programs, startPrograms } from './programs.ts';
import { RequestLog } from './request-log.ts';
import { bucketRoutes } from './storage/buckets.ts';
import { keepLifecycles } from './storage/lifecycle.ts';

/** What the simulation is told when it is started; a restart in the same folder is told the same. */
export interface SimulationPlan extends Image {
  folder: string;
  project: string;
  programs: Programs;
  python: string;
  /** Unless told: those that carry the trainer that instances run. */
  images?: ImageToAdd[];
  delays: Delays;
  /** Google's is 30; the shortest that an instance may be given to live. */
  shortestRunSeconds: number;
}

/** Fixed at the first start: clients, state files and running machines know them by heart. */
export interface Ports {
  front: number;
  storage: number;
  pubsubRest: number;
  pubsubGrpc: number;
}

export interface Simulation {
  endpoint: string;
  pubsubEndpoint: string;
  keyFile: string;
  /** What runs on instances goes on, unless it is ended too. */
  close(how: { endInstances: boolean }): Promise<void>;
}

export const keyFileIn = (folder: string): string => join(folder, 'key.json');

/** Opens the simulated cloud of that folder: as it was left, or fresh. */
export async function openSimulation(plan: SimulationPlan): Promise<Simulation> {
  const { folder, project } = plan;
  for (const part of ['storage', 'machines']) mkdirSync(join(folder, part), { recursive: true });
  const ground = openGround(folder, project);
  const kept = ground.records.kind<Ports>('ports');
  const ports = kept.get('') ?? kept.put('', await choosePorts());
  const endpoint = `http://127.0.0.1:${ports.front}`;

  const services = ground.records.kind<{ enabled: boolean }>('service');
  if (services.names().length === 0) {
    for (const name of servicesAtFirst) services.put(name, { enabled: true });
    ground.records.kind<{ seconds: number }>('shortest-run').put('', { seconds: plan.shortestRunSeconds });
    const owner = `trainyard@${project}.iam.gserviceaccount.com`;
    ground.records.kind('service-account').put(owner, ownerAccount(project, owner));
    ground.policies.begin(`projects/${project}`, [{ role: 'roles/owner', members: [`serviceAccount:${owner}`] }]);
    ground.tokens.writeKeyFile(keyFileIn(folder), owner, project, endpoint);
    for (const image of plan.images ?? (await imagesOf(plan))) addImage(ground, image);
  }

  const programs = await startPrograms(plan.programs, folder, ports, endpoint);
  const processes = new MachineProcesses(join(folder, 'machines'), plan.python);
  const operations = new Operations(ground);
  const quotas = new Quotas(ground);
  const guests = new Guests(ground, processes, plan);
  const life = new InstanceLife(ground, { operations, quotas, processes, guests }, (error) => console.error(error));
  const routes = [
    ...instanceRoutes(ground, { operations, life, processes, delays: plan.delays }),
    ...diskRoutes(ground, operations),
    ...operations.routes(),
    ...placeRoutes(ground, quotas),
    ...networkRoutes(ground),
    ...imageRoutes(ground),
    ...bucketRoutes(ground, `http://127.0.0.1:${ports.storage}`),
    ...messagingRoutes(ground, `http://127.0.0.1:${ports.pubsubRest}`),
    ...serviceAccountRoutes(ground),
    ...projectRoutes(ground),
  ];
  const requests = new RequestLog();
  const front = await startFront(ports.front, {
    ground,
    routes,
    storagePort: ports.storage,
    requests,
    admin: adminOf({ ground, life, quotas, processes, requests }),
  });
  const lifecycles = keepLifecycles(ground, `http://127.0.0.1:${ports.storage}`, (error) => console.error(error));
  await life.begin();
  writeFileSync(join(folder, 'simulation.pid'), String(process.pid));
  return {
    endpoint,
    pubsubEndpoint: `127.0.0.1:${ports.pubsubGrpc}`,
    keyFile: keyFileIn(folder),
    close: async ({ endInstances }) => {
      life.close();
      lifecycles.close();
      if (endInstances) await life.loseAll();
      front.close();
      front.closeAllConnections();
      await programs.stop();
      ground.records.close();
    },
  };
}

async function imagesOf({ trainerFolder }: SimulationPlan): Promise<ImageToAdd[]> {
  const hash = await trainerHash(trainerFolder);
  return imageKinds.map((kind) => ({ name: imageName(kind, hash), family: imageFamily(kind) }));
}

async function choosePorts(): Promise<Ports> {
  return {
    front: await freePort(),
    storage: await freePort(),
    pubsubRest: await freePort(),
    pubsubGrpc: await freePort(),
  };
}

function ownerAccount(project: string, email: string) {
  return {
    name: `projects/${project}/serviceAccounts/${email}`,
    projectId: project,
    uniqueId: '100000000000000000001',
    email,
  };
}
