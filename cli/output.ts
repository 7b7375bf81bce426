import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What a command says: words for a person, or JSON for a program. */
export interface Output {
  readonly json: boolean;
  /** `value` where JSON is asked for, else `text`. */
  show(value: unknown, text: string): void;
  /** For a person only, beside the result: never in the way of a pipe. */
  aside(text: string): void;
}

export function output(json: boolean): Output {
  return {
    json,
    show: (value, text) => void process.stdout.write(`${json ? JSON.stringify(value) : text}\n`),
    aside: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
  };
}

/** For a command whose data goes to standard output: everything that it says goes beside it. */
export function besideData(out: Output): Output {
  return { ...out, show: (value, text) => void process.stderr.write(`${out.json ? JSON.stringify(value) : text}\n`) };
}

/** Who reads with `| head` has had enough: no reason to complain, nor to go on. */
export function endWithItsReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

/** To a file, whole or not at all; `-` is standard output. */
export async function save(stream: Readable, path: string): Promise<void> {
  if (path === '-') {
    await pipeline(stream, process.stdout, { end: false });
    return;
  }
  const beside = `${path}.part`;
  try {
    await pipeline(stream, createWriteStream(beside));
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
