import { join } from 'node:path';
import { Child, type ChildSpec } from './child.ts';
import { readableLine } from './readable-line.ts';
import { RotatingLog } from './rotating-log.ts';

export interface SupervisorOptions {
  /** Where each child's output is kept. */
  logFolder: string;
  /** Where it is written down what runs. */
  runFolder: string;
  print(line: string): void;
}

const nameWidth = 8;

/** Runs programs until it is stopped: each is kept alive, and they end in the reverse of the order they began in. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children: { child: Child; log: RotatingLog }[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The promise is fulfilled when the child is ready, and rejected with a sentence when it never gets there. */
  async start(spec: ChildSpec): Promise<void> {
    const { logFolder, runFolder } = this.#options;
    if (this.#stopped) throw new Error(`Everything is being stopped; ${spec.name} does not start any more.`);
    const log = new RotatingLog(join(logFolder, `${spec.name}.log`));
    const say = (text: string) => this.#options.print(`${spec.name.padEnd(nameWidth)} | ${text}`);
    const child = new Child(spec, {
      runFolder,
      log,
      onLine: (line) => {
        const readable = readableLine(line);
        if (readable !== undefined) say(readable);
      },
      report(sentence) {
        log.write(`[supervisor] ${sentence}`);
        say(sentence);
      },
    });
    this.#children.push({ child, log });
    await child.ready;
  }

  async restart(name: string): Promise<void> {
    await this.#children.find(({ child }) => child.name === name)?.child.restart();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const { child, log } of this.#children.toReversed()) {
      this.#options.print(`Stopping ${child.name} …`);
      await child.stop();
      log.close();
    }
  }
}
