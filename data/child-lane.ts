import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { TrainyardError } from '../domain/failures.ts';
import type {
  CallOptions,
  DataCalls,
  DataProgress,
  EngineSettings,
  Failed,
  FromChild,
  ToChild,
  Verb,
} from './data-calls.ts';
import { orStopped, stopSignal, workLimit } from './stop-signal.ts';
import { makeWorkFolder, removeCallFiles } from './work-folder.ts';

/** How long a child may take to stop when asked, before it is killed. */
const INTERRUPT_MS = 2000;
const program = fileURLToPath(new URL('duckdb-child.ts', import.meta.url));

/** A call took so long that those who wait behind it go first. */
export class GaveWay extends Error {
  constructor() {
    super('It gave way to those who waited.');
  }
}

interface Current {
  id: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  progress(progress: DataProgress): void;
}

/**
 * One child process with a data engine, doing one call after the other, so that the memory it may use is for one call.
 * It is started when first needed and again after it died: a crash of native code fails the call it happened in, and
 * nothing else.
 */
export class ChildLane {
  readonly #settings: EngineSettings;
  readonly #tempFolder: string;
  #child: ChildProcess | undefined;
  #stderr = '';
  #nextId = 1;
  #turn: Promise<void> = Promise.resolve();
  #current: Current | undefined;
  #waiting = 0;
  /** Ends the call at work, if it has had its time and somebody waits. */
  #giveWay: () => void = () => undefined;
  #closed = false;

  constructor(settings: EngineSettings, tempFolder: string) {
    this.#settings = settings;
    this.#tempFolder = tempFolder;
  }

  /** The process that works now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async call<V extends Verb>(
    verb: V,
    input: DataCalls[V]['input'],
    writes: string[],
    options: CallOptions,
    workLimitMs?: number,
  ): Promise<DataCalls[V]['result']> {
    const before = this.#turn;
    const { promise, resolve: done } = Promise.withResolvers<void>();
    this.#turn = promise;
    const way = new AbortController();
    const stop = stopSignal(options, way.signal);
    try {
      await this.#waitFor(before, stop.signal);
      using _limit = this.#givesWay(way, options.givesWayAfterMs);
      // Counted from here: whoever waits behind a long call has not used any of it.
      const work = workLimit(stop.signal, workLimitMs);
      try {
        return (await this.#perform(verb, input, writes, work.signal, options.onProgress)) as DataCalls[V]['result'];
      } finally {
        work.clear();
      }
    } finally {
      stop.clear();
      // Who gives up while waiting must not let the next one in before its turn.
      void before.then(done);
    }
  }

  async #waitFor(before: Promise<void>, signal: AbortSignal): Promise<void> {
    this.#waiting += 1;
    try {
      this.#giveWay();
      await orStopped(before, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** From now on the call at work has so long for itself. */
  #givesWay(way: AbortController, afterMs: number | undefined): Disposable {
    if (afterMs === undefined) return { [Symbol.dispose]: () => undefined };
    let hadItsTime = false;
    this.#giveWay = () => {
      if (hadItsTime && this.#waiting > 0) way.abort(new GaveWay());
    };
    const timer = setTimeout(() => {
      hadItsTime = true;
      this.#giveWay();
    }, afterMs);
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        this.#giveWay = () => undefined;
      },
    };
  }

  /** Ends the child; a call under way fails, those that wait too. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || hasEnded(child)) return;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), INTERRUPT_MS);
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  async #perform(
    verb: Verb,
    input: unknown,
    writes: string[],
    signal: AbortSignal,
    onProgress: CallOptions['onProgress'],
  ): Promise<unknown> {
    if (this.#closed) throw closedError();
    const workFolder = await makeWorkFolder(this.#tempFolder);
    try {
      signal.throwIfAborted();
      const child = this.#running();
      const id = this.#nextId++;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      this.#current = { id, resolve, reject, progress: (progress) => onProgress?.(progress) };
      using _stopping = this.#stopOn(signal, child, id);
      hold(child, true);
      send(child, { kind: 'call', id, verb, input, workFolder });
      return await promise;
    } catch (error) {
      // The reason of whoever stopped it says more than how it ended.
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#current = undefined;
      if (this.#child) hold(this.#child, false);
      await removeCallFiles(workFolder, writes);
    }
  }

  #stopOn(signal: AbortSignal, child: ChildProcess, id: number): Disposable {
    let timer: NodeJS.Timeout | undefined;
    const stop = () => {
      send(child, { kind: 'abort', id });
      timer = setTimeout(() => child.kill('SIGKILL'), INTERRUPT_MS);
    };
    signal.addEventListener('abort', stop);
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', stop);
        clearTimeout(timer);
      },
    };
  }

  #running(): ChildProcess {
    if (this.#closed) throw closedError();
    if (this.#child?.connected && !hasEnded(this.#child)) return this.#child;
    const child = fork(program, [JSON.stringify(this.#settings)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--disable-warning=ExperimentalWarning'],
      // Only what a program needs to run: no tokens, no options meant for the parent.
      env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', LANG: 'C.UTF-8', ...compileCache() },
    });
    this.#child = child;
    this.#stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2000);
    });
    (child.stderr as Socket | null)?.unref();
    child.on('message', (message: FromChild) => this.#answer(message));
    child.on('error', () => this.#lost(child));
    child.on('exit', () => this.#lost(child));
    return child;
  }

  #answer(message: FromChild): void {
    if (this.#current?.id !== message.id) return;
    if ('progress' in message) this.#current.progress(message.progress);
    else if ('failed' in message) this.#current.reject(errorOf(message.failed));
    else this.#current.resolve(message.result);
  }

  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#current?.reject(this.#closed ? closedError() : this.#diedError(child));
  }

  #diedError(child: ChildProcess): TrainyardError {
    const how = child.signalCode ?? (child.exitCode === null ? 'it did not start' : `exit code ${child.exitCode}`);
    if (/heap out of memory|bad_alloc/.test(this.#stderr)) {
      return new TrainyardError('OutOfMemory', `The data engine ran out of memory and ended (${how}).`);
    }
    const said = this.#stderr.trim().split('\n').at(-1);
    const message = `The data engine ended in the middle of its work (${how}).${said ? ` It said: ${said}` : ''}`;
    return new TrainyardError('EngineUnavailable', message, 'It is started again by itself: try once more.');
  }
}

function send(child: ChildProcess, message: ToChild): void {
  // A child that is gone says so by its exit, which ends the call.
  child.send(message, () => undefined);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** A child at rest does not keep the parent alive; one at work does. */
function hold(child: ChildProcess, working: boolean): void {
  if (working) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}

function closedError(): TrainyardError {
  return new TrainyardError('EngineUnavailable', 'The data engine is being closed.');
}

function errorOf(failed: Failed): Error {
  if (failed.type === 'Aborted') return new DOMException(failed.message, 'AbortError');
  return new TrainyardError(failed.type, failed.message, failed.hint);
}

/** The child reads the same source each time: with this it is up in half the time. */
function compileCache(): Record<string, string> {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
