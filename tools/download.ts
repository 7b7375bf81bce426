import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Step } from './progress.ts';

const connectMs = 8_000;
const megabyte = 1024 * 1024;

/** Fetches a file. Only the first answer is bounded: a slow line is no reason to give up. */
export async function downloadTo(url: string, path: string, step: Step): Promise<void> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error(`no answer within ${connectMs / 1000} s`)), connectMs);
  const response = await fetch(url, { signal: patience.signal }).finally(() => clearTimeout(timer));
  if (!response.ok || !response.body) throw new Error(`${new URL(url).host} answered ${response.status}`);
  const total = Number(response.headers.get('content-length')) || null;
  let received = 0;
  const body = Readable.fromWeb(response.body).on('data', (chunk: Buffer) => {
    received += chunk.length;
    step.update(total === null ? null : received / total, `${Math.round(received / megabyte)} MB`);
  });
  await pipeline(body, createWriteStream(path));
}
