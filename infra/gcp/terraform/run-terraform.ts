import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Bucket } from '@google-cloud/storage';
import { TrainyardError } from '../../../domain/failures.ts';
import type { Say } from '../../cloud.ts';
import { failureOf } from '../errors.ts';
import { masked, progressIn } from './progress.ts';
import { giveLockFile, prepareProviders, type Providers } from './provider-folder.ts';
import { type LeaseTimes, StackLease } from './state-lock.ts';
import { statePrefix, type Synthesised } from './synth.ts';
import { Turns } from './turns.ts';

export interface TerraformOptions {
  /** `terraform`, or OpenTofu’s `tofu`. */
  program: string;
  project: string;
  /** What can be made again: the provider. */
  cacheFolder: string;
  /** What cannot: a state that could not be written to the bucket. */
  dataFolder: string;
  providerMirror: string;
  /** How many may be at work, each with its provider: so many that make, and as many that take away. */
  atOnce: number;
  host: string;
  /** Only tests say them. */
  leaseTimes?: LeaseTimes;
  /** Told how long each part of the work took. */
  measured?: ((part: string, ms: number) => void) | undefined;
}

export interface Run {
  bucket: Bucket;
  say: Say;
  /** Ends the run as Ctrl-C would: Terraform writes down what it did. */
  signal: AbortSignal;
  /** Ends it as a second Ctrl-C would, for what nobody needs written down: the cloud was asked, and said what there is. */
  abandon?: AbortSignal;
}

export type StackName = Pick<Synthesised, 'stack' | 'bucket'>;

/** Applies a stack that is held; `abandon` beside that of the whole run. */
export type Apply = (stack: Synthesised, abandon?: AbortSignal) => Promise<void>;

/** `signal` also says that it is held no more. */
export interface Held {
  lease: StackLease;
  signal: AbortSignal;
}

const secondInterruptMs = 500;
const leaseWithinMs = 600_000;
/**
 * It only takes this long when Google does not answer. A kill in the middle can leave a wrong state, and a lock; so it
 * comes sooner only when the lease is over, and another would be at work beside it.
 */
const killAfterMs = 900_000;
const guard = join(import.meta.dirname, 'guarded.sh');
const erroredState = 'errored.tfstate';
/** Another worker of this host may still write in it: then it is tried again. */
const whole = { recursive: true, force: true, maxRetries: 5 };
/** Of the environment: where programs and credentials are, and how to reach the network. Nothing else is its business. */
const passedOn =
  /^(PATH|HOME|USER|LANG|TZ|TMPDIR|GOOGLE_.*|CLOUDSDK_.*|GCE_METADATA_.*|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_.*)$/i;

/** Applies and destroys stacks, one at a time each. Neither its exit code nor a plan proves anything: ask the cloud. */
export class Terraform {
  readonly #options: TerraformOptions;
  readonly #making: Turns;
  /** Apart: what frees must not wait behind what costs. */
  readonly #takingAway: Turns;
  #providers: Promise<Providers> | undefined;

  constructor(options: TerraformOptions) {
    this.#options = options;
    this.#making = new Turns(options.atOnce);
    this.#takingAway = new Turns(options.atOnce);
  }

  apply(stack: Synthesised, run: Run): Promise<void> {
    return this.making(stack, run, (apply) => apply(stack));
  }

  /** One turn in which the stack is held: what it is to be is decided only there, and applied as often as it takes. */
  making(where: StackName, run: Run, work: (apply: Apply) => Promise<void>): Promise<void> {
    return this.#inTurn(this.#making, run, async () => {
      const providers = await this.#providersReady();
      await this.holding(where, run, (held) =>
        work((stack, abandon) => {
          const unwanted = [run.abandon, abandon].filter((signal) => signal !== undefined);
          return this.#do('apply', stack, { ...run, ...held, providers, abandon: AbortSignal.any(unwanted) });
        }),
      );
    });
  }

  destroy(stack: Synthesised, run: Run): Promise<void> {
    return this.#inTurn(this.#takingAway, run, async () => {
      const providers = await this.#providersReady();
      await this.holding(stack, run, (held) => this.#do('destroy', stack, { ...run, ...held, providers }));
    });
  }

  /** What was made is gone, by the cloud’s own word: so goes what Terraform knew of it. */
  async forget({ stack, bucket: name }: StackName, bucket: Bucket): Promise<void> {
    await rm(this.#folder(name, stack), { ...whole });
    for (const object of ['default.tfstate', 'default.tflock']) {
      await bucket
        .file(`${statePrefix(stack)}/${object}`)
        .delete({ ignoreNotFound: true })
        .catch((error: unknown) => {
          throw failureOf(error, this.#options.project);
        });
    }
  }

  /** The bucket is gone, and with it all that was known of its stacks: so goes what was laid out here for them. */
  async forgetAll(bucket: string): Promise<void> {
    await rm(this.#folder(bucket, ''), { ...whole });
  }

  /** Holds the stack while `work` is done: nobody else applies, destroys or takes it away meanwhile. */
  async holding<T>(
    { stack }: Pick<StackName, 'stack'>,
    { bucket, signal }: Pick<Run, 'bucket' | 'signal'>,
    work: (held: Held) => Promise<T>,
  ): Promise<T> {
    const { host, project, leaseTimes } = this.#options;
    const lease = new StackLease(bucket, stack, host, leaseTimes);
    await this.#measured('lease', () => lease.take(leaseWithinMs, signal)).catch((error: unknown) => {
      throw signal.aborted ? stopped() : failureOf(error, project);
    });
    try {
      const done = await work({ lease, signal: AbortSignal.any([signal, lease.lost]) });
      lease.lost.throwIfAborted();
      return done;
    } catch (error) {
      // That it was stopped was our own word, and it is asked for again.
      throw lease.lost.aborted && !signal.aborted ? lease.lost.reason : error;
    } finally {
      await lease.release();
    }
  }

  async #inTurn(turns: Turns, { signal, abandon }: Run, work: () => Promise<void>): Promise<void> {
    const unwanted = AbortSignal.any([signal, ...(abandon ? [abandon] : [])]);
    let begun = false;
    try {
      await turns.take(unwanted, () => {
        begun = true;
        return work();
      });
    } catch (error) {
      throw begun ? error : stopped();
    }
  }

  async #do(word: 'apply' | 'destroy', stack: Synthesised, how: Run & Held & { providers: Providers }): Promise<void> {
    const { lease, say, signal, abandon, providers } = how;
    const folder = this.#folder(stack.bucket, stack.stack);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'main.tf.json'), stack.json, { mode: 0o600 });
    await giveLockFile(providers, folder);
    const environment = { TF_CLI_CONFIG_FILE: providers.configFile };
    const go = (step: string, words: string[]) =>
      this.#measured(step, () => this.#run(words, { folder, environment, lease, say, signal, abandon }));
    // Before the first word to Terraform: where there is no state yet, its init writes one, and wants the lock for that.
    await lease.unlock();
    await go('init', ['init', '-input=false', '-no-color', '-reconfigure']);
    await this.#pushErrored(folder, (words) => go('push', words), say);
    await go(word, [word, '-auto-approve', '-json', '-input=false', '-lock-timeout=20s']);
    await this.#pushErrored(folder, (words) => go('push', words), say);
    await rm(folder, { ...whole });
  }

  /** A state that could not be written to the bucket lies here: without it, what was made would be made again. */
  async #pushErrored(folder: string, go: (words: string[]) => Promise<void>, say: Say): Promise<void> {
    const path = join(folder, erroredState);
    if (!existsSync(path)) return;
    say('Terraform could not write its state to the bucket; it is written now.');
    await go(['state', 'push', erroredState]);
    await rename(path, `${path}.pushed`);
  }

  #providersReady(): Promise<Providers> {
    const { cacheFolder, program, providerMirror: mirror } = this.#options;
    this.#providers ??= prepareProviders({ cacheFolder, program, mirror }, (args, folder, environment) =>
      this.#measured('bring provider', () =>
        this.#run(args, {
          folder,
          environment,
          lease: undefined,
          say: () => {},
          signal: new AbortController().signal,
          abandon: undefined,
        }),
      ),
    ).catch((error: unknown) => {
      this.#providers = undefined;
      throw error;
    });
    return this.#providers;
  }

  #folder(bucket: string, stack: string): string {
    return join(this.#options.dataFolder, 'terraform', bucket, stack);
  }

  async #measured<T>(part: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.#options.measured?.(part, performance.now() - from);
    }
  }

  async #run(
    args: string[],
    how: {
      folder: string;
      environment: Record<string, string>;
      lease: StackLease | undefined;
      say: Say;
      signal: AbortSignal;
      abandon: AbortSignal | undefined;
    },
  ): Promise<void> {
    if (how.signal.aborted || how.abandon?.aborted) throw stopped();
    const child = spawn(guard, [this.#options.program, ...args], {
      cwd: how.folder,
      // A Ctrl-C in a terminal is for us: it goes on to Terraform by our own word only.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...environmentOf(process.env),
        ...how.environment,
        TF_IN_AUTOMATION: '1',
        TF_INPUT: '0',
        CHECKPOINT_DISABLE: '1',
      },
    });
    const ended = once(child, 'close');
    child.stdin.on('error', () => {});
    const errors: string[] = [];
    const said: string[] = [];
    const hear = (line: string) => {
      const { sentence, error } = progressIn(line);
      if (error !== undefined) errors.push(error);
      if (sentence === undefined) return;
      // Without `-json` nothing but what went wrong is worth a line.
      if (line.startsWith('{')) how.say(sentence);
      else said.push(sentence);
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', hear);
    const interrupt = () => {
      if (child.pid !== undefined) signalTo(child.pid, 'SIGINT');
    };
    let killing: NodeJS.Timeout | undefined;
    const kill = () => {
      if (child.pid !== undefined) signalTo(-child.pid, 'SIGKILL');
    };
    const onAbandon = () => {
      interrupt();
      setTimeout(interrupt, secondInterruptMs).unref();
    };
    const onAbort = () => {
      interrupt();
      killing ??= setTimeout(kill, killAfterMs).unref();
    };
    try {
      if (child.pid !== undefined && how.lease) await how.lease.runs(child.pid);
      how.signal.addEventListener('abort', onAbort);
      how.lease?.over.addEventListener('abort', kill);
      how.abandon?.addEventListener('abort', onAbandon);
      child.stdin.write('begin\n');
      if (how.signal.aborted) onAbort();
      if (how.abandon?.aborted) onAbandon();
      if (how.lease?.over.aborted) kill();
      child.once('exit', () => child.stdin.end('ended\n'));
      const [code] = await ended;
      if (code === 0) return;
      if (how.signal.aborted || how.abandon?.aborted) throw stopped();
      throw this.#failure(errors, said, code);
    } catch (error) {
      if (!child.killed && child.exitCode === null) child.stdin.end();
      await ended.catch(() => {});
      throw spawnFailure(error, this.#options.program) ?? failureOf(error, this.#options.project);
    } finally {
      how.signal.removeEventListener('abort', onAbort);
      how.lease?.over.removeEventListener('abort', kill);
      how.abandon?.removeEventListener('abort', onAbandon);
      clearTimeout(killing);
    }
  }

  #failure(errors: string[], said: string[], code: unknown): TrainyardError {
    // What it did before it failed is not what went wrong.
    const from = said.findIndex((line) => line.includes('Error:'));
    const failed = said.slice(Math.max(from, 0)).slice(-12);
    const text = errors.length > 0 ? errors.join('\n') : masked(failed.join('\n'));
    if (text.trim() !== '') return failureOf(text, this.#options.project);
    if (code === 127 || code === 126) return missing(this.#options.program);
    return new TrainyardError('ProviderCrashed', 'Terraform was killed in the middle of its work.');
  }
}

function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => passedOn.test(name)));
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function stopped(): TrainyardError {
  return new TrainyardError('CreateRevoked', 'Terraform was stopped: what it was making is being taken down.');
}

function spawnFailure(error: unknown, name: string): TrainyardError | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' ? missing(name) : undefined;
}

function missing(name: string): TrainyardError {
  return new TrainyardError(
    'CloudUnavailable',
    `Terraform could not be run as “${name}”.`,
    'Install Terraform 1.5 or newer (https://developer.hashicorp.com/terraform/install), or name it with TRAINYARD_GCP_TERRAFORM.',
  );
}
