import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

export interface Child {
  /** What it has printed so far, line by line. */
  readonly said: string[];
  /** Settles when it prints this line, or fails when it ends before. */
  says(line: string): Promise<void>;
  kill(): Promise<void>;
  /** All that it printed, once it has ended well. */
  ended(): Promise<string[]>;
}

/** A real process of its own: `children/<name>.ts`, ended with the test at the latest. */
export function startChild(name: string, ...given: string[]): Child {
  const script = fileURLToPath(new URL(`children/${name}.ts`, import.meta.url));
  const { NODE_OPTIONS: _of_jest, ...env } = process.env;
  const child = spawn(process.execPath, [script, ...given], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  let complaint = '';
  child.stderr.on('data', (text) => (complaint += String(text)));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(line));
  const closed = once(child, 'close');
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  void closed.then(() => process.removeListener('exit', stop));

  return {
    said,
    async says(line) {
      while (!said.includes(line)) {
        const ended = await Promise.race([closed.then(() => true), once(lines, 'line').then(() => false)]);
        if (ended && !said.includes(line)) throw new Error(`${name} ended without saying “${line}”.\n${complaint}`);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async ended() {
      const [code] = await closed;
      if (code !== 0) throw new Error(`${name} ended with ${code}.\n${complaint}`);
      return said;
    },
  };
}
