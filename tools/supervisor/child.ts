import { setTimeout as wait } from 'node:timers/promises';
import { Problem } from '../problem.ts';
import { type GuardedProcess, startGuarded } from './guarded-process.ts';
import type { RotatingLog } from './rotating-log.ts';

/** One program that the supervisor keeps running. */
export interface ChildSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Resolves when the program does its work; rejects only when `signal` aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** Which of its lines a person at the terminal should see; all are in its log. */
  isForTerminal?(line: string): boolean;
  /** How long the first start may take. */
  readySeconds: number;
  /** How long it may take to end in order. */
  stopSeconds: number;
}

export interface ChildSurroundings {
  runFolder: string;
  log: RotatingLog;
  /** A line that the child wrote. */
  onLine(line: string): void;
  /** What happens to the child, as a sentence. */
  report(sentence: string): void;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** One that ran this long was well: its next death starts the pauses anew. */
const wellMs = 60_000;
const startsBeforeGivingUp = 3;
/** Whoever is killed did not fail to start; only when it happens every time does it look like too little memory. */
const killsBeforeGivingUp = 10;

/** Starts a program, starts it again whenever it ends, and stops it when told. */
export class Child {
  readonly name: string;
  /** Fulfilled when it is ready for the first time; rejected when it never gets there. */
  readonly ready: Promise<void>;
  readonly #spec: ChildSpec;
  readonly #around: ChildSurroundings;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #firstReady = Promise.withResolvers<void>();
  #process: GuardedProcess | undefined;
  #wasReady = false;
  #restartAsked = false;
  #lastLines: string[] = [];

  constructor(spec: ChildSpec, around: ChildSurroundings) {
    this.name = spec.name;
    this.#spec = spec;
    this.#around = around;
    this.ready = this.#firstReady.promise;
    // Whoever never asks whether it became ready must not be taken down by its failure.
    this.ready.catch(() => {});
    this.#running = this.#keepRunning();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop(this.#spec.stopSeconds);
    await this.#running;
  }

  /** Ends it, so that it starts again at once: with code that has changed. */
  async restart(): Promise<void> {
    this.#restartAsked = true;
    await this.#process?.stop(this.#spec.stopSeconds);
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    let ownEnds = 0;
    while (!signal.aborted) {
      const startedMs = Date.now();
      const ending = await this.#runOnce();
      if (signal.aborted) return;
      if (this.#restartAsked) {
        this.#restartAsked = false;
        failures = 0;
        continue;
      }
      failures = Date.now() - startedMs > wellMs ? 1 : failures + 1;
      if (!/killed by SIGKILL/.test(ending)) ownEnds += 1;
      if (!this.#wasReady && (ownEnds >= startsBeforeGivingUp || failures >= killsBeforeGivingUp)) {
        this.#firstReady.reject(this.#neverReady(`it ended ${failures} times (${ending})`));
        return;
      }
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
      this.#around.report(
        `ended (${ending}); starting it again in ${pauseMs / 1000} s. Its log: ${this.#around.log.path}`,
      );
      await wait(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  async #runOnce(): Promise<string> {
    const { name, command, args, cwd, env } = this.#spec;
    const { runFolder } = this.#around;
    this.#lastLines = [];
    this.#process = startGuarded({ name, command, args, cwd, env, runFolder, onLine: (line) => this.#heard(line) });
    const gone = new AbortController();
    void this.#awaitReady(AbortSignal.any([gone.signal, this.#stopping.signal]));
    const ending = await this.#process.ended;
    gone.abort();
    return ending;
  }

  async #awaitReady(signal: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(this.#spec.readySeconds * 1000);
    try {
      await this.#spec.ready(AbortSignal.any([signal, patience]));
    } catch {
      if (!signal.aborted && !this.#wasReady) {
        this.#firstReady.reject(this.#neverReady(`it did not answer within ${this.#spec.readySeconds} s`));
      }
      return;
    }
    if (this.#wasReady) this.#around.report('runs again');
    this.#wasReady = true;
    this.#firstReady.resolve();
  }

  #heard(line: string): void {
    this.#around.log.write(line);
    this.#lastLines = [...this.#lastLines.slice(-4), line];
    if (this.#spec.isForTerminal?.(line) ?? true) this.#around.onLine(line);
  }

  #neverReady(why: string): Problem {
    const said = this.#lastLines.length > 0 ? ` The last it said:\n${this.#lastLines.join('\n')}` : '';
    return new Problem(`The part "${this.name}" does not start: ${why}. Its log: ${this.#around.log.path}.${said}`);
  }
}
