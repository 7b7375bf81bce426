import { setTimeout as wait } from 'node:timers/promises';
import { TrainyardError } from '../../domain/failures.ts';
import { failureOf } from './errors.ts';
import type { GoogleApi, Page } from './google-api.ts';

/** Of an instance, what we look at. */
export interface Instance {
  name: string;
  /** The last part of the address that Google gives. */
  zone: string;
  status: string;
  creationTimestamp: string;
  lastStopTimestamp?: string;
  labels?: Record<string, string>;
  metadata?: { items?: { key: string; value?: string }[] };
}

export interface Disk {
  name: string;
  zone: string;
  labels?: Record<string, string>;
  creationTimestamp?: string;
  users?: string[];
}

export interface Operation {
  name: string;
  operationType: string;
  status: string;
  targetLink?: string;
  user?: string;
  insertTime?: string;
  startTime?: string;
  endTime?: string;
  error?: { errors?: { code?: string; message?: string }[] };
}

interface Policy {
  bindings?: { role: string; members: string[] }[];
  etag?: string;
}

const firstAskMs = 200;
const slowestAskMs = 2000;

/** The calls of Compute Engine that are made without Terraform: looking, and taking away. */
export class ComputeApi {
  readonly #api: GoogleApi;

  constructor(api: GoogleApi) {
    this.#api = api;
  }

  #zonal(zone: string, path: string): string {
    return `projects/${this.#api.project}/zones/${zone}/${path}`;
  }

  async instance(zone: string, name: string): Promise<Instance | undefined> {
    const found = await this.#api.get<Instance>('compute', this.#zonal(zone, `instances/${name}`));
    return found && { ...found, zone };
  }

  /** In whichever zone it is. */
  async findInstance(name: string): Promise<Instance | undefined> {
    for await (const instance of this.#everywhere<Instance>('instances', `name = "${name}"`)) {
      if (instance.name === name) return instance;
    }
    return undefined;
  }

  instances(label: string, value: string): AsyncGenerator<Instance> {
    return this.#everywhere<Instance>('instances', `labels.${label} = "${value}"`);
  }

  disks(label: string, value: string): AsyncGenerator<Disk> {
    return this.#everywhere<Disk>('disks', `labels.${label} = "${value}"`);
  }

  async *#everywhere<T extends { zone: string }>(kind: 'instances' | 'disks', filter: string): AsyncGenerator<T> {
    type Listing = Page & { items?: Record<string, Partial<Record<typeof kind, T[]>>> };
    const path = `projects/${this.#api.project}/aggregated/${kind}`;
    for await (const page of this.#api.pages<Listing>('compute', path, { filter })) {
      for (const scope of Object.values(page.items ?? {})) {
        for (const one of scope[kind] ?? []) yield { ...one, zone: lastPart(one.zone) };
      }
    }
  }

  /** What was done to an instance, the oldest first; Google keeps it for two weeks. */
  async operations(zone: string, name: string): Promise<Operation[]> {
    const target = `/zones/${zone}/instances/${name}`;
    const found: Operation[] = [];
    const filter = `targetLink eq ".*${target}"`;
    type Listing = Page & { items?: Operation[] };
    for await (const page of this.#api.pages<Listing>('compute', this.#zonal(zone, 'operations'), { filter })) {
      found.push(...(page.items ?? []).filter((one) => one.targetLink?.endsWith(target)));
    }
    return found.toSorted((a, b) => timeOf(a) - timeOf(b));
  }

  /** Returns when it is done; nothing to do is fine. */
  async deleteInstance(zone: string, name: string): Promise<void> {
    await this.#done(zone, await this.#api.delete<Operation>('compute', this.#zonal(zone, `instances/${name}`)));
  }

  async disk(zone: string, name: string): Promise<Disk | undefined> {
    const found = await this.#api.get<Disk>('compute', this.#zonal(zone, `disks/${name}`));
    return found && { ...found, zone };
  }

  async deleteDisk(zone: string, name: string): Promise<void> {
    await this.#done(zone, await this.#api.delete<Operation>('compute', this.#zonal(zone, `disks/${name}`)));
  }

  /** Adds one right on one instance, for whoever has not got it. */
  async allowOn(zone: string, name: string, role: string, member: string): Promise<void> {
    const path = this.#zonal(zone, `instances/${name}`);
    const policy = await this.#api.get<Policy>('compute', `${path}/getIamPolicy`);
    if (!policy) return;
    const bindings = policy.bindings ?? [];
    if (bindings.some((one) => one.role === role && one.members.includes(member))) return;
    const wanted = { ...policy, bindings: [...bindings, { role, members: [member] }] };
    await this.#api.post('compute', `${path}/setIamPolicy`, { policy: wanted });
  }

  async console(zone: string, name: string): Promise<string> {
    const path = this.#zonal(zone, `instances/${name}/serialPort`);
    return (await this.#api.get<{ contents?: string }>('compute', path, { port: '1' }))?.contents ?? '';
  }

  async #done(zone: string, operation: Operation | undefined): Promise<void> {
    if (!operation) return;
    let now: Operation | undefined = operation;
    for (let pause = firstAskMs; now && now.status !== 'DONE'; pause = Math.min(slowestAskMs, pause * 1.5)) {
      await wait(pause);
      now = await this.#api.get<Operation>('compute', this.#zonal(zone, `operations/${operation.name}`));
    }
    const [error] = now?.error?.errors ?? [];
    if (!error || error.code === 'RESOURCE_NOT_FOUND') return;
    throw failureOf({ reason: error.code, message: error.message ?? error.code }, this.#api.project);
  }
}

export function timeOf(operation: Operation): number {
  return Date.parse(operation.endTime ?? operation.startTime ?? operation.insertTime ?? '') || 0;
}

function lastPart(address: string): string {
  return address.slice(address.lastIndexOf('/') + 1);
}

/** All that a machine was told, from its own metadata. */
export function environmentOf(instance: Instance): Record<string, string> {
  const text = instance.metadata?.items?.find(({ key }) => key === environmentKey)?.value;
  try {
    const content: unknown = JSON.parse(text ?? '{}');
    return typeof content === 'object' && content !== null ? (content as Record<string, string>) : {};
  } catch {
    throw new TrainyardError('Bug', `The machine ${instance.name} was told something that is no JSON.`);
  }
}

export const environmentKey = 'trainyard-environment';
