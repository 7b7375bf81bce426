import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { GcpSimulation } from '../../cloud-sim/gcp/start-gcp-simulation.ts';

type Json = Record<string, unknown>;

/** What the house would have made for one job, made by plain calls: here the machine alone is to be seen at work. */
export class GoogleByHand {
  readonly zone = 'europe-west4-a';
  readonly name: string;
  readonly account: string;
  readonly #simulation: GcpSimulation;
  #token = '';

  constructor(simulation: GcpSimulation, name: string) {
    this.#simulation = simulation;
    this.name = name;
    this.account = `${name}@${simulation.project}.iam.gserviceaccount.com`;
  }

  /** Bucket, topic, subscription, and a service account that may use these and delete its own instance. */
  async prepare(): Promise<void> {
    const { project } = this.#simulation;
    this.#token = await this.#signIn();
    await this.call('POST', `/storage/v1/b?project=${project}`, { name: this.name, location: 'EU' });
    await this.call('PUT', `/v1/projects/${project}/topics/${this.name}`, {});
    await this.call('PUT', `/v1/projects/${project}/subscriptions/${this.name}`, {
      topic: `projects/${project}/topics/${this.name}`,
      enableMessageOrdering: true,
      ackDeadlineSeconds: 10,
    });
    await this.call('POST', `/v1/projects/${project}/serviceAccounts`, { accountId: this.name, serviceAccount: {} });
    const binding = (role: string) => ({
      policy: { bindings: [{ role, members: [`serviceAccount:${this.account}`] }] },
    });
    await this.call('PUT', `/storage/v1/b/${this.name}/iam`, binding('roles/storage.objectUser').policy);
    const topic = `/v1/projects/${project}/topics/${this.name}:setIamPolicy`;
    await this.call('POST', topic, binding('roles/pubsub.publisher'));
  }

  async insertInstance(environment: Record<string, string>, scheduling: Json = {}): Promise<void> {
    const { project } = this.#simulation;
    await this.call('POST', `/compute/v1/projects/${project}/zones/${this.zone}/instances`, {
      name: this.name,
      machineType: `zones/${this.zone}/machineTypes/e2-standard-2`,
      disks: [
        {
          boot: true,
          autoDelete: true,
          initializeParams: { sourceImage: `projects/${project}/global/images/family/trainyard-cpu` },
        },
      ],
      networkInterfaces: [{ network: 'global/networks/default' }],
      serviceAccounts: [{ email: this.account, scopes: ['https://www.googleapis.com/auth/cloud-platform'] }],
      scheduling: { maxRunDuration: { seconds: '600' }, instanceTerminationAction: 'DELETE', ...scheduling },
      metadata: { items: [{ key: 'trainyard-environment', value: JSON.stringify(environment) }] },
    });
    await this.until(`${this.name} is there`, async () => (await this.#instance()) !== undefined);
    const path = `/compute/v1/projects/${project}/zones/${this.zone}/instances/${this.name}/setIamPolicy`;
    const bindings = [{ role: 'roles/compute.instanceAdmin.v1', members: [`serviceAccount:${this.account}`] }];
    await this.call('POST', path, { policy: { bindings } });
  }

  async #instance(): Promise<Json | undefined> {
    const path = `/compute/v1/projects/${this.#simulation.project}/zones/${this.zone}/instances/${this.name}`;
    const response = await this.#send('GET', path);
    return response.ok ? ((await response.json()) as Json) : undefined;
  }

  async isGone(): Promise<boolean> {
    return (await this.#instance()) === undefined;
  }

  async put(object: string, data: Buffer | string): Promise<void> {
    const path = `/upload/storage/v1/b/${this.name}/o?uploadType=media&name=${encodeURIComponent(object)}`;
    await this.#checked(await this.#send('POST', path, data));
  }

  async get(object: string): Promise<Buffer | undefined> {
    const path = `/storage/v1/b/${this.name}/o/${encodeURIComponent(object)}?alt=media`;
    const response = await this.#send('GET', path);
    if (response.status === 404) return undefined;
    if (!response.ok) await this.#checked(response);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The records that wait on the subscription; each is taken from it. */
  async pull(): Promise<string[]> {
    const path = `/v1/projects/${this.#simulation.project}/subscriptions/${this.name}`;
    const { receivedMessages = [] } = (await this.call('POST', `${path}:pull`, {
      maxMessages: 100,
      returnImmediately: true,
    })) as { receivedMessages?: { ackId: string; message: { data: string } }[] };
    if (receivedMessages.length === 0) return [];
    await this.call('POST', `${path}:acknowledge`, { ackIds: receivedMessages.map(({ ackId }) => ackId) });
    return receivedMessages.flatMap(({ message }) =>
      Buffer.from(message.data, 'base64').toString('utf8').trimEnd().split('\n'),
    );
  }

  async until(what: string, look: () => Promise<boolean>, seconds = 60): Promise<void> {
    for (const giveUpAt = Date.now() + seconds * 1000; Date.now() < giveUpAt; await wait(100)) {
      if (await look()) return;
    }
    throw new Error(`Never came: ${what}.`);
  }

  async call(method: string, path: string, body?: Json): Promise<Json> {
    const response = await this.#send(method, path, body && JSON.stringify(body), 'application/json');
    return (await this.#checked(response)) as Json;
  }

  #send(method: string, path: string, body?: Buffer | string, type = 'application/octet-stream'): Promise<Response> {
    return fetch(`${this.#simulation.endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': type },
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
  }

  async #checked(response: Response): Promise<unknown> {
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }

  async #signIn(): Promise<string> {
    const key = JSON.parse(readFileSync(this.#simulation.keyFile, 'utf8')) as Record<string, string>;
    const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: key['client_email'], aud: key['token_uri'], iat: seconds, exp: seconds + 3600 };
    const unsigned = `${part({ alg: 'RS256', typ: 'JWT', kid: key['private_key_id'] })}.${part(claims)}`;
    const signature = createSign('RSA-SHA256').update(unsigned).sign(String(key['private_key']), 'base64url');
    const response = await fetch(`${this.#simulation.endpoint}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: `${unsigned}.${signature}`,
      }),
    });
    return String(((await this.#checked(response)) as Json)['access_token']);
  }
}
