import type { Server } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Ground } from '../ground.ts';
import { asJson, asText, type Json, lastPart } from '../json.ts';
import { type Instance, instancePath, instancesIn } from '../compute/instance.ts';
import type { MachineProcesses } from './machine-processes.ts';
import { type MetadataTree, startMetadataServer } from './metadata-server.ts';

export interface Image {
  /** The folder with `entry.sh`, as an image has it. */
  trainerFolder: string;
  /** The interpreter of an engine, by its name: on an image, /opt/trainyard/engines/<engine>/bin/python. */
  pythons: Record<string, string>;
}

const environmentKey = 'trainyard-environment';

/** What runs on instances: boots them, and stands at their side as the metadata server. */
export class Guests {
  readonly #ground: Ground;
  readonly #processes: MachineProcesses;
  readonly #image: Image;
  readonly #servers = new Map<string, Server>();
  readonly #tokens = new Map<string, { token: Json; until: number }>();

  constructor(ground: Ground, processes: MachineProcesses, image: Image) {
    this.#ground = ground;
    this.#processes = processes;
    this.#image = image;
  }

  /** Again after a restart of the simulation too: at the port that the machine was told. */
  async serveMetadata(instance: Instance): Promise<void> {
    const { name } = instance.shown;
    if (this.#servers.has(name)) return;
    if (instance.metadataPort === 0) {
      instance.metadataPort = await freePort();
      this.#keep(instance);
    }
    const path = this.#pathOf(instance);
    const current = () => instancesIn(this.#ground.records).get(path);
    const server = await startMetadataServer(instance.metadataPort, {
      tree: () => {
        const now = current();
        return now && this.#treeOf(now);
      },
      token: () => {
        const now = current();
        return now?.serviceAccount ? this.#tokenOf(now.serviceAccount) : undefined;
      },
    });
    this.#servers.set(name, server);
  }

  async boot(instance: Instance): Promise<void> {
    await this.serveMetadata(instance);
    const host = `127.0.0.1:${instance.metadataPort}`;
    // A net for when the simulation itself is dead; while it lives, it ends the machine by its own clock.
    const netMs = 2_000;
    const dayMs = 86_400_000;
    const leftMs = instance.endsAtMs === null ? dayMs : instance.endsAtMs - this.#ground.clock.now() + netMs;
    await this.#processes.boot(
      instance.shown.name,
      join(this.#image.trainerFolder, 'entry.sh'),
      { GCE_METADATA_HOST: host, GCE_METADATA_IP: host },
      Date.now() + leftMs,
    );
  }

  leave(name: string): void {
    const server = this.#servers.get(name);
    this.#servers.delete(name);
    server?.close();
    server?.closeAllConnections();
  }

  close(): void {
    for (const name of this.#servers.keys()) this.leave(name);
  }

  #treeOf(instance: Instance): MetadataTree {
    const { shown, zoneName, serviceAccount } = instance;
    const { project, projectNumber } = this.#ground;
    const items = shown.metadata.items.map(({ key, value }) => [
      key,
      key === environmentKey ? this.#onThisImage(value, instance) : value,
    ]);
    const account: MetadataTree = {
      aliases: 'default\n',
      email: serviceAccount ?? '',
      scopes: 'https://www.googleapis.com/auth/cloud-platform\n',
      token: '',
    };
    const scheduling = asJson(shown['scheduling']);
    return {
      instance: {
        attributes: Object.fromEntries(items) as MetadataTree,
        'cpu-platform': 'Unknown CPU Platform',
        hostname: `${shown.name}.${zoneName}.c.${project}.internal`,
        id: shown.id,
        image: '',
        'machine-type': `projects/${projectNumber}/machineTypes/${lastPart(shown.machineType)}`,
        'maintenance-event': instance.maintenance,
        name: shown.name,
        preempted: instance.preempted ? 'TRUE' : 'FALSE',
        scheduling: {
          'automatic-restart': String(scheduling['automaticRestart']).toUpperCase(),
          'on-host-maintenance': asText(scheduling['onHostMaintenance']),
          preemptible: String(instance.spot).toUpperCase(),
        },
        'service-accounts': serviceAccount ? { default: account, [serviceAccount]: account } : {},
        zone: `projects/${projectNumber}/zones/${zoneName}`,
      },
      project: { 'project-id': project, 'numeric-project-id': projectNumber, attributes: {} },
    };
  }

  /** Where things are on an image, they are elsewhere on this computer; nothing else is different. */
  #onThisImage(value: string, instance: Instance): string {
    const environment = asJson(JSON.parse(value));
    const engine = /engines\/([^/]+)\//.exec(asText(environment['TRAINYARD_PYTHON']))?.[1] ?? '';
    const python = this.#image.pythons[engine];
    if (environment['TRAINYARD_WORK'] !== undefined) {
      environment['TRAINYARD_WORK'] = join(this.#processes.folder(instance.shown.name), 'work');
    }
    if (python !== undefined) environment['TRAINYARD_PYTHON'] = python;
    return JSON.stringify(environment);
  }

  #tokenOf(who: string): Json {
    const known = this.#tokens.get(who);
    if (known && known.until > Date.now()) return known.token;
    const token = this.#ground.tokens.give(who);
    const earlyMs = 60_000;
    this.#tokens.set(who, { token, until: Date.now() + token.expires_in * 1000 - earlyMs });
    return token;
  }

  #keep(instance: Instance): void {
    instancesIn(this.#ground.records).put(this.#pathOf(instance), instance);
  }

  #pathOf({ zoneName, shown }: Instance): string {
    return instancePath(this.#ground.project, zoneName, shown.name);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
