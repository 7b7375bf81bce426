import { spawn } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../cli/trainyard.ts');

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** The command as a person runs it, in a process of its own, against the server at `url`. */
export function startTrainyard(url: string, args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, TRAINYARD_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (err += piece));
  const done = new Promise<Ran>((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
  return { child, done, said: () => out + err };
}
