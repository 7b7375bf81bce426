import { setTimeout as wait } from 'node:timers/promises';
import type { Holder } from '../../domain/ids.ts';
import { TrainyardError } from '../../domain/failures.ts';
import type { Labels, Say } from '../cloud.ts';
import type { Tombstones } from '../tombstones.ts';
import type { GcpBuckets } from './buckets.ts';
import type { GoogleApi, Page } from './google-api.ts';
import {
  accountDescription,
  bucketNameOf,
  deadNameOf,
  namesOf,
  ownPrefix,
  readAccountDescription,
  readLabels,
} from './names.ts';
import { signalsStack, signalsStackName } from './terraform/signals-stack.ts';
import type { Run, Terraform } from './terraform/run-terraform.ts';
import type { Synthesised } from './terraform/synth.ts';

export interface SignalsOptions {
  api: GoogleApi;
  project: string;
  endpoint: string;
  installationId: string;
  buckets: GcpBuckets;
  terraform: Terraform;
  tombstones: Tombstones;
}

/** Written last: what is there without it was left by one that died in the middle. */
const doneMark = `${ownPrefix}signals-made`;
const stateObject = `${ownPrefix}terraform/${signalsStackName}/default.tfstate`;
const tombstoneEveryMs = 1000;
const accountKnownWithinMs = 120_000;
const accountPauseMs = 2000;

interface Labelled {
  name: string;
  labels?: Record<string, string>;
}

/** Of Terraform's state, what is read of it. */
interface State {
  resources?: { instances?: { attributes?: { id?: string } }[] }[];
}

/** Topic, subscription and account of a holder: made and destroyed by Terraform, confirmed by the API. */
export class GcpSignals {
  readonly #options: SignalsOptions;
  readonly #making = new Map<string, { stop: AbortController; made: Promise<void> }>();
  #projectNumber: Promise<string> | undefined;

  constructor(options: SignalsOptions) {
    this.#options = options;
  }

  async create(labels: Labels, say: Say): Promise<void> {
    const name = bucketNameOf(labels);
    const known = this.#making.get(name);
    if (known) return known.made;
    const stop = new AbortController();
    const { tombstones } = this.#options;
    const watching = setInterval(() => {
      tombstones.read('signals', name).then(
        (stone) => stone && stop.abort(),
        () => {},
      );
    }, tombstoneEveryMs).unref();
    const made = this.#create(labels, name, say, stop.signal).finally(() => {
      clearInterval(watching);
      this.#making.delete(name);
    });
    this.#making.set(name, { stop, made });
    return made;
  }

  async #create(labels: Labels, name: string, say: Say, signal: AbortSignal): Promise<void> {
    const { tombstones, buckets, project, endpoint } = this.#options;
    await tombstones.refuse('signals', name);
    if (!(await buckets.isOurs(labels))) {
      throw new TrainyardError('CloudUnavailable', `There is no bucket ${name} to keep the state of its signals in.`);
    }
    if (await buckets.getBytes(labels, doneMark)) return;
    const bucket = buckets.bucket(labels);
    try {
      await this.#sweepUnknown(labels, { bucket, signal });
      if (await buckets.getBytes(labels, doneMark)) return;
      const projectNumber = await this.#number();
      await this.#openAccount(labels);
      await this.#apply(
        signalsStack({ labels, project, endpoint, projectNumber }),
        { bucket, say, signal },
        async () => {
          await tombstones.refuse('signals', name);
          await buckets.putOwn(labels, doneMark, '');
        },
      );
    } catch (error) {
      // Whoever removed it may have looked before it was there.
      if (await tombstones.read('signals', name)) await this.remove(labels, say);
      await tombstones.refuse('signals', name);
      throw error;
    }
  }

  /**
   * Left by one that was killed before Terraform had written down what it made: nobody has spoken through it yet. What
   * Terraform knows it goes on with, and the account it takes over: made again, that would have to spread again.
   */
  async #sweepUnknown(labels: Labels, { bucket, signal }: Pick<Run, 'bucket' | 'signal'>): Promise<void> {
    const { buckets, terraform } = this.#options;
    const left = async () => (await this.#existing(labels)).filter(({ service }) => service === 'pubsub');
    if ((await left()).length === 0) return;
    await terraform.holding({ stack: signalsStackName }, { bucket, signal }, async () => {
      if (await buckets.getBytes(labels, doneMark)) return;
      const known = await this.#knownToTerraform(labels);
      for (const { service, path } of await left()) if (!known.has(path)) await this.#options.api.delete(service, path);
    });
  }

  /** The paths of all that is in Terraform's state. */
  async #knownToTerraform(holder: Holder): Promise<Set<string>> {
    const bytes = await this.#options.buckets.getBytes(holder, stateObject);
    const state = JSON.parse(bytes?.toString('utf8') ?? '{}') as State;
    const ids = (state.resources ?? []).flatMap(({ instances = [] }) =>
      instances.map(({ attributes }) => attributes?.id),
    );
    return new Set(ids.filter((id) => id !== undefined));
  }

  async #openAccount(labels: Labels): Promise<void> {
    const { api, project, installationId } = this.#options;
    const { accountId, accountEmail } = namesOf(labels, installationId, project);
    const serviceAccount = {
      displayName: `Trainyard ${labels.kind} ${labels.id}`,
      description: accountDescription(labels),
    };
    const path = `projects/${project}/serviceAccounts`;
    await api.post('iam', path, { accountId, serviceAccount }).catch(async (error: unknown) => {
      if (!(await api.get('iam', `${path}/${accountEmail}`))) throw error;
    });
  }

  /** A new account is known everywhere only after seconds: what hangs on it is asked again. */
  async #apply(stack: Synthesised, run: Run, mark: () => Promise<void>): Promise<void> {
    for (const until = Date.now() + accountKnownWithinMs; ; ) {
      try {
        return await this.#options.terraform.making(stack, run, async (apply) => {
          await apply(stack);
          // Before anybody else may be at them: without the mark, they are taken for left behind.
          await mark();
        });
      } catch (error) {
        const pending = error instanceof TrainyardError && error.type === 'PermissionPending';
        if (!pending || Date.now() > until || run.signal.aborted) throw error;
        run.say(error.message);
        await wait(accountPauseMs);
      }
    }
  }

  /** By Terraform while it knows of them, by the API in any case: a state may be lost, or never written. */
  async remove(holder: Holder, say: Say): Promise<void> {
    const name = bucketNameOf(holder);
    const { tombstones, buckets } = this.#options;
    await tombstones.leave('signals', name);
    this.#making.get(name)?.stop.abort();
    if (await buckets.isStillOurs(holder)) {
      await this.#removeHeld(holder, say).catch(async (error: unknown) => {
        // Whoever took the bucket away meanwhile took lease and state with it: the rest needs neither.
        if (await buckets.isStillOurs(holder)) throw error;
      });
    }
    await this.#sweep(holder);
  }

  async #removeHeld(holder: Holder, say: Say): Promise<void> {
    const { buckets, terraform, project, endpoint, installationId } = this.#options;
    const bucket = buckets.bucket(holder);
    const signal = new AbortController().signal;
    const [state] = await bucket.file(stateObject).exists();
    if (state) {
      const labels = { kind: holder.kind, id: holder.id, installationId, owner: '' };
      const stack = signalsStack({ labels, project, endpoint, projectNumber: '0' });
      await terraform.destroy(stack, { bucket, say, signal }).catch((error: unknown) => {
        say(`Terraform could not take the signals down (${String(error)}); it is done without it.`);
      });
    }
    await terraform.holding({ stack: signalsStackName }, { bucket, signal }, async () => {
      await this.#sweep(holder);
      await terraform.forget({ stack: signalsStackName, bucket: bucketNameOf(holder) }, bucket);
      await bucket.file(doneMark).delete({ ignoreNotFound: true });
    });
  }

  async #sweep(holder: Holder): Promise<void> {
    const { api } = this.#options;
    for (let found = await this.#existing(holder); found.length > 0; found = await this.#existing(holder)) {
      for (const { service, path } of found) await api.delete(service, path);
    }
  }

  /** What there is of a holder, in the order in which it can go. */
  async #existing(holder: Holder): Promise<{ service: 'pubsub' | 'iam'; path: string }[]> {
    const { api, installationId, project } = this.#options;
    const names = namesOf(holder, installationId, project);
    const labelled = [
      `projects/${project}/subscriptions/${names.subscription}`,
      `projects/${project}/subscriptions/${names.deadSubscription}`,
      `projects/${project}/topics/${names.topic}`,
      `projects/${project}/topics/${names.deadTopic}`,
    ];
    // The account’s name is made of the installation’s id, so it needs no label to be ours.
    const account = `projects/${project}/serviceAccounts/${names.accountEmail}`;
    const looks = [
      ...labelled.map(async (path) => {
        const one = await api.get<Labelled>('pubsub', path);
        return one && readLabels(one.labels, installationId) ? [{ service: 'pubsub' as const, path }] : [];
      }),
      api.get('iam', account).then((one) => (one ? [{ service: 'iam' as const, path: account }] : [])),
    ];
    return (await Promise.all(looks)).flat();
  }

  /** All holders of this installation that something is left of. */
  async all(): Promise<{ name: string; labels: Labels }[]> {
    const { api, project, installationId } = this.#options;
    const found = new Map<string, Labels>();
    const note = (labels: Labels | undefined) => {
      if (labels && !found.has(bucketNameOf(labels))) found.set(bucketNameOf(labels), labels);
    };
    const listOf = async (kind: 'topics' | 'subscriptions') => {
      type Listing = Page & Partial<Record<typeof kind, Labelled[]>>;
      for await (const page of api.pages<Listing>('pubsub', `projects/${project}/${kind}`, { pageSize: '1000' })) {
        for (const one of page[kind] ?? []) note(readLabels(one.labels, installationId)?.labels);
      }
    };
    const accounts = async () => {
      type Listing = Page & { accounts?: { email: string; description?: string }[] };
      for await (const page of api.pages<Listing>('iam', `projects/${project}/serviceAccounts`, { pageSize: '100' })) {
        for (const one of page.accounts ?? []) note(readAccountDescription(one.description, installationId)?.labels);
      }
    };
    await Promise.all([listOf('topics'), listOf('subscriptions'), accounts()]);
    return [...found].map(([name, labels]) => ({ name, labels }));
  }

  removalByHand(name: string, labels: Holder): string {
    const { project, installationId } = this.#options;
    const { accountEmail } = namesOf(labels, installationId, project);
    return [
      `gcloud pubsub subscriptions delete ${name} ${deadNameOf(name)} --project ${project} --quiet`,
      `gcloud pubsub topics delete ${name} ${deadNameOf(name)} --project ${project} --quiet`,
      `gcloud iam service-accounts delete ${accountEmail} --project ${project} --quiet`,
    ].join('; ');
  }

  #number(): Promise<string> {
    const { api, project } = this.#options;
    this.#projectNumber ??= api
      .get<{ projectNumber?: string }>('projects', `projects/${project}`)
      .then((found) => {
        if (found?.projectNumber) return found.projectNumber;
        throw new TrainyardError(
          'PermissionDenied',
          `There is no project ${project}, or it is not shown to Trainyard.`,
        );
      })
      .catch((error: unknown) => {
        this.#projectNumber = undefined;
        throw error;
      });
    return this.#projectNumber;
  }
}
