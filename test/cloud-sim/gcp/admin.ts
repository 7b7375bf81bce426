import type { MachineProcesses } from './boot/machine-processes.ts';
import { addImage, type ImageToAdd } from './compute/images.ts';
import { type Instance, instancesIn } from './compute/instance.ts';
import type { InstanceLife } from './compute/instance-life.ts';
import type { Quotas } from './compute/quotas.ts';
import type { Fault } from './faults.ts';
import type { Ground } from './ground.ts';
import type { Json } from './json.ts';
import type { RequestLog, RequestSeen } from './request-log.ts';

/** What a test sees of an instance that no customer could. */
export interface InstanceInside {
  name: string;
  zone: string;
  status: string;
  folder: string;
  metadataHost: string;
  serviceAccount: string | null;
}

/** What only the simulation has: the verbs of /_simulation, each with what it takes and answers. */
export interface AdminVerbs {
  fault: { takes: Fault; answers: void };
  clearFaults: { takes: object; answers: void };
  quota: { takes: { region: string; metric: string; limit: number }; answers: void };
  loseInstance: { takes: { name: string }; answers: void };
  preempt: { takes: { name: string; noticeSeconds: number }; answers: void };
  clock: { takes: { speed?: number; jumpMs?: number }; answers: { nowMs: number } };
  service: { takes: { name: string; enabled: boolean }; answers: void };
  billing: { takes: { enabled: boolean }; answers: void };
  image: { takes: ImageToAdd; answers: void };
  removeImage: { takes: { name: string }; answers: void };
  network: { takes: { name: string; privateAccess: boolean }; answers: void };
  instances: { takes: object; answers: InstanceInside[] };
  requests: { takes: { sinceMs: number }; answers: RequestSeen[] };
  serviceAccountKey: { takes: { email: string; path: string }; answers: void };
}

export type AdminVerb = keyof AdminVerbs;

interface Parts {
  ground: Ground;
  life: InstanceLife;
  quotas: Quotas;
  processes: MachineProcesses;
  requests: RequestLog;
}

type Verbs = {
  [V in AdminVerb]: (body: AdminVerbs[V]['takes']) => Promise<AdminVerbs[V]['answers']> | AdminVerbs[V]['answers'];
};

export function adminOf({
  ground,
  life,
  quotas,
  processes,
  requests,
}: Parts): (verb: string, body: Json) => Promise<unknown> {
  const { records, clock, faults, tokens, project } = ground;
  const instances = instancesIn(records);
  const named = (name: string): Instance => {
    const found = instances.all().find(({ shown }) => shown.name === name);
    if (found) return found;
    throw new Error(`There is no instance ${name}.`);
  };
  const imagePath = (name: string): string => `projects/${project}/global/images/${name}`;
  const verbs: Verbs = {
    fault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    quota: ({ region, metric, limit }) => quotas.set(region, metric, limit),
    loseInstance: ({ name }) => life.lose(named(name)),
    preempt: ({ name, noticeSeconds }) => life.preempt(named(name), noticeSeconds * 1000),
    clock: (setting) => {
      clock.set(setting);
      return { nowMs: clock.now() };
    },
    service: ({ name, enabled }) => void records.kind('service').put(name, { enabled }),
    billing: (setting) => void records.kind('billing').put('', setting),
    image: (image) => addImage(ground, image),
    removeImage: ({ name }) => void records.kind('image').remove(imagePath(name)),
    network: ({ name, ...setting }) => void records.kind('network').put(name, setting),
    instances: () =>
      instances.all().map(({ shown, zoneName, metadataPort, serviceAccount }) => ({
        name: shown.name,
        zone: zoneName,
        status: shown.status,
        folder: processes.folder(shown.name),
        metadataHost: `127.0.0.1:${metadataPort}`,
        serviceAccount,
      })),
    requests: ({ sinceMs }) => requests.since(sinceMs),
    serviceAccountKey: ({ email, path }) => {
      const endpoint = `http://127.0.0.1:${records.kind<{ front: number }>('ports').get('')?.front}`;
      tokens.writeKeyFile(path, email, project, endpoint);
    },
  };
  return async (verb, body) => {
    if (!Object.hasOwn(verbs, verb)) throw new Error(`The simulation does not know ${verb}.`);
    const act = verbs[verb as AdminVerb] as (body: Json) => unknown;
    return act(body);
  };
}
